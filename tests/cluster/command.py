"""Running a program to its end, with an error that says which one failed and what it said last."""

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cluster.errors import CommandError, DeadlineError, last_lines, tail

Argument = str | Path


def run(
    argv: Sequence[Argument],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    deadline_seconds: float = 120,
    next_step: str = "",
) -> str:
    """Run a short program and return its standard output."""
    result = attempt(argv, cwd=cwd, env=env, stdin=stdin, deadline_seconds=deadline_seconds)
    if result.returncode != 0:
        raise CommandError(
            f"{_shown(argv)} ended with status {result.returncode}",
            seen=last_lines(result.stderr or result.stdout) or "(it said nothing)",
            next_step=next_step,
        )
    return result.stdout


def attempt(
    argv: Sequence[Argument],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    deadline_seconds: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run a program whose failure is an answer, not an error."""
    try:
        return subprocess.run(
            [str(part) for part in argv],
            cwd=cwd,
            env=_environment(env),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=deadline_seconds,
            check=False,
        )
    except FileNotFoundError as error:
        raise CommandError(f"{_shown(argv)} could not be started", seen=str(error)) from error
    except subprocess.TimeoutExpired as error:
        raise DeadlineError(f"{_shown(argv)} did not end within {deadline_seconds:g} s") from error


def run_logged(
    argv: Sequence[Argument],
    log: Path,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    next_step: str = "",
) -> None:
    """Run a long program with its output appended to a log; the log's end goes into the error."""
    with log.open("ab") as sink:
        sink.write(f"$ {_shown(argv)}\n".encode())
        sink.flush()
        status = subprocess.run(
            [str(part) for part in argv],
            cwd=cwd,
            env=_environment(env),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    if status != 0:
        raise CommandError(
            f"{_shown(argv)} ended with status {status}",
            seen=tail(log),
            next_step=next_step or f"read {log}",
        )


def _environment(extra: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if extra is None else {**os.environ, **extra}


def _shown(argv: Sequence[Argument]) -> str:
    text = shlex.join(str(part) for part in argv)
    return text if len(text) <= 200 else f"{text[:197]}..."
