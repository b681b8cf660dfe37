"""What the SDK's sandbox would have refused, refused by reading: workflow code runs outside of it (docs/adr/0002)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import outlast

PACKAGE = Path(outlast.__file__).parent

WORKFLOW_SIDE = [
    "games/gate.py",
    "games/judging.py",
    "games/models.py",
    "games/prompts.py",
    "games/run.py",
    "games/spec.py",
    "games/state.py",
    "games/workflow.py",
    "hosting/gate.py",
    "hosting/host.py",
    "hosting/progress.py",
    "hosting/spending.py",
    "hosting/workflow.py",
    "research/run.py",
    "research/gate.py",
    "research/workflow.py",
    "research/reporting.py",
    "research/citations.py",
    "research/prompts.py",
    "research/models.py",
    "research/state.py",
    "usage/budget.py",
    "usage/meter.py",
    "sources/passage.py",
    "durable/dispatch.py",
    "durable/limits.py",
    "durable/replay.py",
]
"""Every module of ours whose functions run in workflows. What they import for its types alone is not among them."""

CLOCKS_ALLOWED = {"durable/replay.py"}
"""It measures replays beside the workflow, which never learns what it measured."""

MODULES = {
    "aiohttp": "network",
    "http": "network",
    "httpx": "network",
    "multiprocessing": "processes",
    "os": "environment and files",
    "pathlib": "files",
    "random": "random numbers",
    "secrets": "random numbers",
    "shutil": "files",
    "socket": "network",
    "sqlite3": "files",
    "subprocess": "processes",
    "tempfile": "files",
    "threading": "threads",
    "time": "a clock",
    "uuid": "random numbers",
}

CALLS = {
    "open": "files",
    "input": "the terminal",
    "print": "the terminal",
    "hash": "a number that differs from process to process",
    "id": "a number that differs from process to process",
    "datetime.now": "a clock: use workflow.now()",
    "datetime.utcnow": "a clock: use workflow.now()",
    "datetime.today": "a clock: use workflow.now()",
    "date.today": "a clock: use workflow.now()",
    "asyncio.sleep": "a timer that nobody sees in the history's summary: use workflow.sleep()",
    "asyncio.to_thread": "threads",
    "asyncio.open_connection": "network",
    "asyncio.create_subprocess_exec": "processes",
    "asyncio.as_completed": "an order that differs from run to run: use workflow.as_completed()",
    "asyncio.wait": "an order that differs from run to run: use workflow.wait()",
    "uuid4": "random numbers: use workflow.uuid4()",
}


def faults(source: str) -> Iterator[str]:
    """What in this source a replay could not repeat."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (_imported(node, alias.name) for alias in names if _root(alias.name) in MODULES)
            case ast.ImportFrom(module=str(module), level=0) if _root(module) in MODULES:
                yield _imported(node, module)
            case ast.Call(func=function) if reason := _called(ast.unparse(function)):
                yield f"line {node.lineno}: {ast.unparse(function)}() is {reason}"
            case ast.For(iter=iterable) | ast.AsyncFor(iter=iterable) | ast.comprehension(iter=iterable):
                if _is_set(iterable):
                    yield f"line {iterable.lineno}: a set is iterated, whose order differs from process to process"


def _root(module: str) -> str:
    return module.partition(".")[0]


def _imported(node: ast.stmt, module: str) -> str:
    return f"line {node.lineno}: {module} is imported, which gives access to {MODULES[_root(module)]}"


def _called(name: str) -> str | None:
    return CALLS.get(name) or CALLS.get(".".join(name.split(".")[-2:]))


def _is_set(node: ast.expr) -> bool:
    is_call = isinstance(node, ast.Call) and ast.unparse(node.func) in ("set", "frozenset")
    return is_call or isinstance(node, ast.Set | ast.SetComp)


@pytest.mark.parametrize("module", WORKFLOW_SIDE)
def test_workflow_code_does_nothing_that_a_replay_can_not_repeat(module: str) -> None:
    found = [fault for fault in faults((PACKAGE / module).read_text()) if not _is_allowed(module, fault)]
    assert not found, f"{module} runs in workflows: " + "; ".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "from os import environ",
        "import http.client",
        "from datetime import datetime\ndatetime.now()",
        "import datetime\ndatetime.datetime.now()",
        "import asyncio\nasync def f(): await asyncio.sleep(1)",
        "open('x')",
        "uuid4()",
        "for x in {1, 2}: pass",
        "[x for x in set(y)]",
    ],
)
def test_what_a_replay_can_not_repeat_is_found(source: str) -> None:
    assert list(faults(source))


@pytest.mark.parametrize("source", ["from datetime import timedelta", "x in {1, 2}", "sorted(set(y))", "self.open()"])
def test_what_is_harmless_is_let_pass(source: str) -> None:
    assert not list(faults(source))


def _is_allowed(module: str, fault: str) -> bool:
    return module in CLOCKS_ALLOWED and "time is imported" in fault
