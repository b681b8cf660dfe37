"""Has a plan reviewed by the person at the terminal: approved, edited, rejected, or left for later."""

from __future__ import annotations

import asyncio
import os
import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError
from rich.text import Text

from outlast.cli.ask import ask, read_line
from outlast.cli.console import stderr
from outlast.cli.interrupt import Interrupts
from outlast.cli.story import View
from outlast.errors import UsageError
from outlast.render.plaintext import plain
from outlast.research.models import Plan

MAX_PLAN_BYTES = 1_000_000
"""Far more than fifty searches take."""

_ANSWERS = {"a": "approve it", "e": "edit it", "r": "reject it, which ends the job", "": "decide later"}


@dataclass(frozen=True, slots=True)
class Review:
    """What the person decided."""

    approved: bool
    plan: Plan | None = None
    """The edited plan; None approves it as it stands."""
    reason: str = ""
    """Why it was rejected."""


async def review_at_terminal(view: View, plan: Plan, interrupts: Interrupts) -> Review | None:
    """Show the plan and ask; None when the person decides later."""
    edited: Plan | None = None
    with view.aside():
        while True:
            view.show_plan(edited or plan)
            answer = await ask(stderr(), "Shall this plan be carried out?", _ANSWERS, interrupts)
            if answer == "a":
                return Review(approved=True, plan=edited)
            if answer == "r":
                stderr().print("Why? (Enter for no reason) ", end="")
                reason = await read_line(interrupts)
                return None if reason is None else Review(approved=False, reason=plain(reason).strip())
            if answer != "e":
                return None
            try:
                edited = await edit_plan(edited or plan)
            except UsageError as error:
                stderr().print(Text(plain(str(error)), style="red"))


async def edit_plan(plan: Plan) -> Plan:
    """Have the plan edited in the person's editor.

    Raises:
        UsageError: there is no editor, or what it left is no plan.
    """
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory(prefix="outlast-") as folder:
        path = Path(folder) / "plan.yaml"
        path.write_text(plan_yaml(plan), encoding="utf-8")
        try:
            process = await asyncio.create_subprocess_exec(*editor, str(path))
            code = await process.wait()
        except OSError as error:
            raise UsageError(f"The editor {editor[0]!r} can't be started: {error.strerror}; set EDITOR.") from None
        if code:
            raise UsageError(f"The editor {editor[0]!r} ended with code {code}; the plan stays as it was.")
        return read_plan(path)


def plan_yaml(plan: Plan) -> str:
    """A plan as YAML that `read_plan` reads back."""
    return yaml.safe_dump(plan.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=100)


def read_plan(path: Path) -> Plan:
    """Read a plan that a person edited.

    Raises:
        UsageError: the file can't be read, or is no plan.
    """
    try:
        if path.stat().st_size > MAX_PLAN_BYTES:
            raise UsageError(f"The plan {path} is larger than {MAX_PLAN_BYTES} bytes.")
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"The plan {path} can't be read: {error.strerror}.") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"The plan {path} is no valid YAML: {error}") from None
    try:
        return Plan.model_validate(found)
    except ValidationError as error:
        problems = "\n".join(
            f"  {'.'.join(map(str, problem['loc'])) or 'plan'}: {problem['msg']}"
            for problem in error.errors(include_url=False)
        )
        raise UsageError(f"The plan {path} is not valid:\n{problems}") from None
