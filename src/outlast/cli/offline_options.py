"""How the offline model server is set up from the command line, for `outlast offline serve` and `outlast dev`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from outlast.errors import UsageError

if TYPE_CHECKING:
    from outlast.offline.config import OfflineConfig

FAULTS = "Faults"

LatencyScale = Annotated[
    float,
    typer.Option("--latency-scale", metavar="X", help="Multiply every delay of the models by this; 0 answers at once."),
]
Fault = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        metavar="KIND=RATE",
        help="Let this share of requests fail: 429, 500, 503, stall, reset, malformed or half-stream. KIND@STEPS "
        "strikes the next request of the steps that match, KIND@STEPSxN the next N: stall@agent__analyst__*x2.",
        rich_help_panel=FAULTS,
    ),
]
FaultsFile = Annotated[
    Path | None,
    typer.Option("--faults", metavar="FILE", help="The same and more, as JSON or YAML.", rich_help_panel=FAULTS),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Seed of delays and faults.", rich_help_panel=FAULTS)]
FaultControl = Annotated[
    bool,
    typer.Option("--fault-control", help="Let `PUT /faults` change the faults while it runs.", rich_help_panel=FAULTS),
]

_RATE = re.compile(r"^(?P<kind>[\w-]+)=(?P<rate>[^=]+)$")
_AIMED = re.compile(r"^(?P<kind>[\w-]+)@(?P<steps>[^\s@]+?)(?:x(?P<count>\d+))?$")


def offline_config(*, fault: list[str] | None, faults_file: Path | None, **fields: Any) -> OfflineConfig:
    """Put the options together.

    Raises:
        UsageError: one of them is not valid; the message names it.
    """
    from pydantic import ValidationError

    from outlast.offline.config import OfflineConfig

    faults = _read(faults_file) if faults_file else {}
    for word in fault or []:
        _add(faults, word)
    try:
        return OfflineConfig.model_validate({**fields, "faults": faults})
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}, found {problem['input']!r}"
            for problem in error.errors(include_url=False)
        )
        raise UsageError(f"The offline model server can't be set up like this: {problems}.") from None


def _add(faults: dict[str, Any], word: str) -> None:
    if rate := _RATE.match(word):
        try:
            faults.setdefault("rates", {})[rate["kind"]] = float(rate["rate"])
        except ValueError:
            raise UsageError(f"--fault {word!r}: {rate['rate']!r} is no rate between 0 and 1.") from None
    elif aimed := _AIMED.match(word):
        one = {"kind": aimed["kind"], "steps": aimed["steps"], "count": int(aimed["count"] or 1)}
        faults["aimed"] = [*faults.get("aimed", []), one]
    else:
        raise UsageError(f"--fault {word!r} is neither KIND=RATE, such as 429=0.1, nor KIND@STEPS, such as stall@*.")


def _read(path: Path) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"The faults file {path} can't be read: {error.strerror}.") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"The faults file {path} is no valid JSON or YAML: {error}") from None
    if not isinstance(found, dict):
        raise UsageError(f"The faults file {path} holds a {type(found).__name__}, expected fields such as `rates`.")
    return found
