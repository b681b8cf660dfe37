"""`outlast settings`: every OUTLAST_ variable, what it means and what it is set to; secrets stay hidden."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from outlast.cli.options import Json

if TYPE_CHECKING:
    from outlast.settings import Settings

HIDDEN = "********"

_USER_INFO = re.compile(r"(?<=://)[^/@\s]+(?=@)")
"""Name and password in a URL."""

_QUERY_SECRET = re.compile(r"(?i)((?:key|token|secret|password)=)[^&\s]+")


def settings(
    only_set: Annotated[bool, typer.Option("--set", help="Only those that differ from their defaults.")] = False,
    as_json: Json = False,
) -> None:
    """List every OUTLAST_ variable with its meaning and its value. Secrets are not shown.

    Keys of model providers and search services keep the names of their own libraries, such as OPENAI_API_KEY.
    """
    from outlast.errors import SettingsError
    from outlast.render.jsonreport import dump
    from outlast.settings import load_settings

    problem: SettingsError | None = None
    found: Settings | None = None
    try:
        found = load_settings()
    except SettingsError as error:
        problem = error  # the list is what helps now
    rows = [row for row in _rows(found) if row["is_set"] or not only_set]
    if as_json:
        typer.echo(dump(rows, indent=1))
    else:
        _print(rows)
    if problem is not None:
        raise problem


def _rows(found: Settings | None) -> list[dict[str, Any]]:
    from outlast.settings import PREFIX, Settings

    rows = []
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True, validated_data={})
        value = getattr(found, name) if found is not None else default
        rows.append(
            {
                "name": PREFIX + name.upper(),
                "value": _shown(value),
                "default": _shown(default),
                "is_set": found is not None and value != default,
                "help": " ".join((field.description or "").split()),
            }
        )
    return rows


def _shown(value: Any) -> str | None:
    from pydantic import SecretStr, TypeAdapter

    if value is None or value in ({}, ()):
        return None
    if isinstance(value, SecretStr):
        return HIDDEN
    text = value if isinstance(value, str) else json.dumps(TypeAdapter(Any).dump_python(value, mode="json"))
    return _QUERY_SECRET.sub(rf"\1{HIDDEN}", _USER_INFO.sub(HIDDEN, text.strip('"')))


def _print(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from outlast.cli.console import stdout
    from outlast.render.plaintext import one_line

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("VARIABLE", "VALUE", "MEANING"):
        table.add_column(name, no_wrap=name == "VARIABLE", overflow="fold")
    for row in rows:
        value = Text(one_line(row["value"] or "unset"), style="cyan" if row["is_set"] else "dim")
        table.add_row(Text(row["name"], style="bold" if row["is_set"] else ""), value, Text(row["help"]))
    stdout().print(table)
