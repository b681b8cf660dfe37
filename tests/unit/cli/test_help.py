"""`outlast --help` answers at once: nothing slow is imported before a verb needs it."""

from __future__ import annotations

import importlib.util
import resource
import subprocess
import sys

import pytest

from outlast.cli.verbs import VERBS

SLOW = (
    "pydantic",
    "pydantic_ai",
    "temporalio",
    "aiohttp",
    "httpx",
    "openai",
    "yaml",
    "logfire",
    "genai_prices",
    "outlast.settings",
)

HELP_CPU_SECONDS = 0.45
"""Processor time, since tests share the machine; 0.2 are usual."""


def loaded_by(*args: str) -> tuple[str, list[str], float]:
    """What a call prints, which modules it loads, and its processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = (
        "import sys\nfrom outlast.cli.entry import call\n"
        f"code = call({list(args)!r})\nprint('\\n'.join(sys.modules), file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout, done.stderr.splitlines(), spent


def test_help_is_quick_and_lists_every_verb() -> None:
    shown, modules, seconds = loaded_by("--help")
    assert not [name for name in SLOW if name in modules]
    assert seconds < HELP_CPU_SECONDS
    for verb in VERBS:
        if importlib.util.find_spec(VERBS[verb].module):
            assert f"│ {verb} " in shown
    assert "Exit codes" in shown
    assert "--version" in shown


@pytest.mark.parametrize("verb", [name for name, verb in VERBS.items() if importlib.util.find_spec(verb.module)])
def test_help_of_a_verb_is_quick_too(verb: str) -> None:
    shown, modules, _ = loaded_by(verb, "--help")
    assert "Usage: outlast " + verb in shown
    assert not [name for name in SLOW if name in modules and name != "pydantic"]  # Typer reads options with it


def test_the_version() -> None:
    shown, modules, _ = loaded_by("--version")
    assert shown.startswith("outlast ")
    assert not [name for name in SLOW if name in modules]


@pytest.mark.parametrize("module", ["outlast.cli.link", "outlast.durable.summaries", "outlast.durable.pending"])
def test_lists_and_states_load_no_agents(module: str) -> None:
    code = f"import sys, {module}\nsys.exit('pydantic_ai' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
