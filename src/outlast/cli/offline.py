"""`outlast offline`: serve the offline models by themselves, and read the ledger that they keep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from outlast.cli.offline_options import Fault, FaultControl, FaultsFile, LatencyScale, Seed, offline_config
from outlast.cli.options import Json

if TYPE_CHECKING:
    from rich.table import Table

    from outlast.ledger import LedgerRow
    from outlast.offline.config import OfflineConfig

DEFAULT_PORT = 4010

app = typer.Typer(help="The offline model server and its ledger.", no_args_is_help=True)

LedgerFile = Annotated[
    Path | None, typer.Option("--ledger", metavar="FILE", help="SQLite file of the ledger.", show_default=False)
]


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to listen on; the server asks for no key.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", "-p", metavar="N", help="Port; 0 picks a free one.")] = DEFAULT_PORT,
    latency_scale: LatencyScale = 1.0,
    ledger: LedgerFile = None,
    name: Annotated[str, typer.Option(metavar="NAME", help="What the ledger calls this server.")] = "offline",
    proof: Annotated[
        bool, typer.Option("--proof/--no-proof", help="Refuse requests that the ledger can't record.")
    ] = True,
    fault: Fault = None,
    faults_file: FaultsFile = None,
    seed: Seed = 0,
    fault_control: FaultControl = False,
) -> None:
    """Serve the rule-based models over OpenAI's wire format until Ctrl-C or SIGTERM.

    They are no language models: no key, no cost, the same answer each time. Use them with OUTLAST_OFFLINE_URL.
    Without --ledger the ledger is kept in memory only.
    """
    from outlast.cli.console import run_async

    config = offline_config(
        fault=fault,
        faults_file=faults_file,
        host=host,
        port=port,
        latency_scale=latency_scale,
        ledger=ledger,
        name=name,
        proof=proof,
        seed=seed,
        fault_control=fault_control,
    )
    run_async(_serve(config))


@app.command()
def ledger(
    job_id: Annotated[str | None, typer.Argument(metavar="JOB", help="Only requests of this job.")] = None,
    file: LedgerFile = None,
    as_json: Json = False,
) -> None:
    """Print the ledger: every request that reached a model or a source. Without --ledger that of this machine."""
    from outlast.cli.console import stderr, stdout
    from outlast.ledger import read_rows
    from outlast.local.endpoints import PlatformFiles
    from outlast.render.jsonreport import dump
    from outlast.settings import load_settings

    path = file or PlatformFiles(load_settings().state_dir).ledger
    rows = read_rows(path, job_id)
    if as_json:
        for row in rows:
            typer.echo(dump(row.as_json()))
    elif rows:
        stdout().print(_table(rows))
    else:
        stderr().print(f"The ledger {path} has no rows{f' of job {job_id}' if job_id else ''}.", soft_wrap=True)


async def _serve(config: OfflineConfig) -> None:
    from outlast.cli.console import stderr
    from outlast.cli.interrupt import Interrupts
    from outlast.offline.server import OfflineServer

    interrupts = Interrupts()
    with interrupts.caught():
        async with OfflineServer(config) as server:
            console = stderr()
            console.print(f"Offline models (rules, no language model) at {server.base_url}", soft_wrap=True)
            console.print(f"  export OUTLAST_OFFLINE_URL={server.url}", soft_wrap=True)
            await interrupts.wait()


def _table(rows: list[LedgerRow]) -> Table:
    from datetime import UTC, datetime

    from rich.table import Table
    from rich.text import Text

    from outlast.cli.story import step_name
    from outlast.render.plaintext import one_line

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("SEQ", "TIME", "ASKED", "SUBJECT", "JOB", "STEP", "TRY", "OUTCOME", "MS", "TOKENS"):
        right = column in ("SEQ", "TRY", "MS", "TOKENS")
        table.add_column(column, justify="right" if right else "left", no_wrap=column != "SUBJECT")
    for row in rows:
        began = datetime.fromtimestamp(row.started, UTC)
        tokens = "" if row.input_tokens is None else f"{row.input_tokens}+{row.output_tokens or 0}"
        table.add_row(
            str(row.seq),
            f"{began:%H:%M:%S}.{began.microsecond // 1000:03d}",
            Text(one_line(row.name)),
            Text(one_line(row.subject or "", 40)),
            Text(one_line(row.job or "")),
            Text(step_name(row.step_kind) if row.step_kind else ""),
            str(row.attempt or ""),
            Text(row.outcome or "open", style="" if row.outcome == "ok" else "yellow"),
            f"{(row.ended - row.started) * 1000:.0f}" if row.ended is not None else "",
            tokens,
        )
    return table
