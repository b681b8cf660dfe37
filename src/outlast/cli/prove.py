"""`outlast prove`: history and ledger of jobs, joined and checked.

Exit codes: 0 clean, 1 an invariant is violated, 2 wrong usage or no such job, 3 unknown: something could not be
checked, such as a job without a ledger. What can't be read is never called clean.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from outlast.cli.options import Json
from outlast.errors import OutlastError, StateError, UnreachableError

if TYPE_CHECKING:
    from outlast.chaos.proof import Proof
    from outlast.settings import Settings

Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of jobs; `outlast list` shows them.")]

Ledgers = Annotated[
    list[str] | None,
    typer.Option(
        "--ledger",
        metavar="FILE|URL",
        help="A ledger: its SQLite file, or the root of an offline model server. Again for one more. Without it: that "
        "of this machine, those in OUTLAST_LEDGER and of OUTLAST_OFFLINE_URL.",
        show_default=False,
    ),
]

Deaths = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Deaths that somebody saw, as JSON lines with target, at and until. Without it: interruptions.jsonl in "
        "the state folder.",
        show_default=False,
    ),
]


class UnprovedError(OutlastError):
    """Nothing could be checked."""

    exit_code: ClassVar[int] = 3


def prove(
    job_ids: Ids,
    ledger: Ledgers = None,
    twin: Annotated[
        str | None, typer.Option(metavar="ID", help="An undisturbed job: every report has to equal its report.")
    ] = None,
    deaths: Deaths = None,
    skew: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How far the clocks of ledger and history may be apart.")
    ] = 0.0,
    as_json: Json = False,
) -> None:
    """Check that jobs lost nothing and paid for no recorded step twice.

    Joins each job's history with the ledgers: one recorded end a step, no request after it, a request for each result
    and a step for each request, a named cause for everything that was sent again, usage as recorded.

    Exit codes: 0 clean, 1 violated, 2 wrong usage or no such job, 3 unknown, since not all of it could be checked.
    """
    from outlast.chaos.verdict import Verdict
    from outlast.cli.console import run_async
    from outlast.render.jsonreport import dump
    from outlast.render.plaintext import plain
    from outlast.settings import load_settings

    settings = load_settings()
    try:
        proof = run_async(_proof(settings, list(dict.fromkeys(job_ids)), ledger or [], twin, deaths, skew))
    except (UnreachableError, StateError) as error:
        raise UnprovedError(f"Nothing is proved: {error}") from None
    typer.echo(dump(proof.as_json(), indent=1) if as_json else plain(proof.as_text()))
    codes = {Verdict.TRUE: 0, Verdict.FALSE: 1, Verdict.UNKNOWN: 3}
    raise typer.Exit(codes[proof.verdict])


async def _proof(
    settings: Settings, job_ids: list[str], named: list[str], twin: str | None, deaths: Path | None, skew: float
) -> Proof:
    from outlast.cli.link import linked

    async with linked(settings, loading="outlast.chaos.history") as link:
        from outlast.chaos.check import check
        from outlast.chaos.history import read_job
        from outlast.chaos.interruptions import FILE, noted
        from outlast.cli.ledgers import read_ledgers

        expected = (await read_job(link.client, twin)).report_sha256 if twin is not None else None
        if twin is not None and expected is None:
            raise StateError(f"The twin {twin!r} has no report that can be read.")
        # Ledgers last: whatever a history holds by now is in them.
        records = [await read_job(link.client, job_id) for job_id in job_ids]
        ledgers, unread = await read_ledgers(settings, named)
        known = noted(deaths or settings.state_dir / FILE)
        return check(records, ledgers, known, skew=skew, report_sha256=expected, unread=unread)
