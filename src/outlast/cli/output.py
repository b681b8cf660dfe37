"""Files that a verb was told to write: either whole or not there."""

from __future__ import annotations

import contextlib
from pathlib import Path

from outlast.errors import StateError, UsageError


def check_output(output: Path | None) -> None:
    """Refuse a file that can't be written before anything is started.

    Raises:
        UsageError: its folder is not there, or it is a folder itself.
    """
    if output is None:
        return
    if output.is_dir():
        raise UsageError(f"--output {str(output)!r} is a folder: give the name of a file in it.")
    if not output.absolute().parent.is_dir():
        raise UsageError(
            f"--output {str(output)!r}: there is no folder {str(output.absolute().parent)!r}; make it first."
        )


def write_whole(content: str | bytes, output: Path, what: str, again: str) -> None:
    """Write a file.

    Args:
        content: Text or bytes.
        output: The file.
        what: What it holds, for the error.
        again: The command that writes it elsewhere, for the error.

    Raises:
        StateError: it can't be written; what it holds can be had again.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if output.exists() and not output.is_file():  # a device or a pipe: there is nothing to keep whole
            output.write_bytes(data)
            return
        _replace(data, output.resolve())
    except OSError as error:
        raise StateError(
            f"{what} can't be written to {output}: {error.strerror}. Nothing is lost: `{again}` writes it elsewhere."
        ) from None


def _replace(content: bytes, output: Path) -> None:
    draft = output.with_name(f".{output.name}.new")
    try:
        draft.write_bytes(content)
        draft.replace(output)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
