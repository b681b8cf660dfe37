"""`outlast corpus`: index folders of documents, so that jobs can name them as sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from outlast.cli.options import Json

if TYPE_CHECKING:
    from outlast.sources.folder import CorpusBuild

SKIPPED_SHOWN = 10
"""Skipped files that are named; the rest is counted."""

app = typer.Typer(help="Index folders of documents as sources.", no_args_is_help=True)

CorpusName = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the corpus; `outlast corpus list` shows them.")
]


@app.command()
def build(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with Markdown, text, HTML or PDF files.")],
    name: Annotated[
        str | None, typer.Option("--name", "-n", metavar="NAME", help="How jobs name it. Without it: as the folder.")
    ] = None,
) -> None:
    """Index a folder. Built again, only files that changed are read anew."""
    from outlast.cli.console import stderr
    from outlast.settings import load_settings
    from outlast.sources.folder import build_corpus

    settings = load_settings()
    console = stderr()
    chosen = name or folder.absolute().name.lower()
    if console.is_terminal:
        with console.status("Indexing") as status:
            made = build_corpus(folder, chosen, settings.state_dir, status.update)
    else:
        made = build_corpus(folder, chosen, settings.state_dir)
    _tell(made)


@app.command("list")
def list_corpora(as_json: Json = False) -> None:
    """List the corpora."""
    from rich.table import Table
    from rich.text import Text

    from outlast.cli.console import stderr, stdout
    from outlast.render.jsonreport import dump
    from outlast.render.plaintext import one_line
    from outlast.settings import load_settings
    from outlast.sources.folder import corpora

    found = corpora(load_settings().state_dir)
    if as_json:
        rows = [
            {
                "name": c.name,
                "passages": c.passages,
                "folder": c.folder,
                "built_at": c.built_at,
                "error": c.error or None,
            }
            for c in found
        ]
        typer.echo(dump(rows, indent=1))
        return
    if not found:
        stderr().print("No corpora yet: `outlast corpus build DIR --name NAME` makes one.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("NAME", "PASSAGES", "BUILT", "FOLDER"):
        table.add_column(column, justify="right" if column == "PASSAGES" else "left")
    for corpus in found:
        place = Text(one_line(corpus.error), style="red") if corpus.error else Text(one_line(corpus.folder))
        table.add_row(Text(corpus.name), f"{corpus.passages:,}", Text(corpus.built_at), place)
    stdout().print(table)


@app.command()
def remove(name: CorpusName) -> None:
    """Remove a corpus; the documents themselves stay."""
    from outlast.cli.console import stderr
    from outlast.settings import load_settings
    from outlast.sources.folder import remove_corpus

    remove_corpus(load_settings().state_dir, name)
    stderr().print(f"The corpus {name} is removed; its documents stay where they are.")


def _tell(made: CorpusBuild) -> None:
    from outlast.cli.console import stderr
    from outlast.render.plaintext import one_line

    console = stderr()
    console.print(
        f"The corpus {made.name} has {made.passages:,} passages from {made.files:,} files, {made.unchanged:,} of them "
        f'unchanged. Search it with: outlast run "..." --source {made.name}',
        soft_wrap=True,
    )
    for path, reason in made.skipped[:SKIPPED_SHOWN]:
        console.print(f"  skipped {one_line(path)}: {one_line(reason)}", soft_wrap=True)
    if len(made.skipped) > SKIPPED_SHOWN:
        console.print(f"  and {len(made.skipped) - SKIPPED_SHOWN} more files skipped")
