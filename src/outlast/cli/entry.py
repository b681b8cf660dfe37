"""Calls a verb, and turns what goes wrong into a sentence and an exit code: no traceback for what a person can mend."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

from outlast.cli.exits import DONE, FAILED, INTERRUPTED
from outlast.errors import OutlastError


def call(args: Sequence[str]) -> int:
    """Run the command.

    Returns:
        The exit code.
    """
    from outlast.cli.verbs import app

    as_json = "--json" in args
    try:
        app(args=list(args), prog_name="outlast")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else DONE
    except OutlastError as error:
        complain(str(error), type(error).__name__, error.exit_code, as_json=as_json)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        if error.errno == errno.EPIPE:
            return _reader_left()
        complain(_sentence(error), "OSError", FAILED, as_json=as_json)
        return FAILED
    return DONE


def complain(message: str, kind: str, code: int, *, as_json: bool) -> None:
    """Say what went wrong, on standard error."""
    from outlast.render.plaintext import plain

    if as_json:
        from outlast.render.jsonreport import dump

        print(dump({"error": {"type": kind, "message": message, "exit_code": code}}), file=sys.stderr)  # noqa: T201
        return
    coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    name = "\x1b[1;31moutlast:\x1b[0m" if coloured else "outlast:"
    print(f"{name} {plain(message)}", file=sys.stderr)  # noqa: T201 - one line needs no Rich


def _sentence(error: OSError) -> str:
    what = error.strerror or str(error)
    where = f"{error.filename}: " if error.filename else ""
    hint = " Free some space, then run the same command again." if error.errno == errno.ENOSPC else ""
    return f"{where}{what}.{hint}"


def _reader_left() -> int:
    # Whoever read our output has seen enough; the interpreter must not try to flush the rest.
    sys.stdout = None
    return FAILED
