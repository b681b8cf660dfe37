"""The commands of the pages that run on a laptop, on the embedded platform and in a home of their own."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from outlast.durable.identity import is_dead
from outlast.local.endpoints import PlatformFiles
from outlast.settings import Settings
from tests.docs.blocks import Block, Home, pages
from tests.docs.running import at_home, place, run_page

DEADLINE_SECONDS = 240

PAGES = {str(page.relative_to(page.parents[1])): found for page in pages() if (found := at_home(page, Home.LAPTOP))}


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment without settings, and the end of what was left running in it."""
    home = tmp_path / "home"
    home.mkdir()
    foreign = ("OUTLAST_", "XDG_", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    scripts = str(Path(sys.executable).parent)
    # The index of the embedded corpus is the one that other tests made: building it is tested elsewhere.
    yield {**env, "HOME": str(home), "PATH": f"{scripts}:{env['PATH']}", "OUTLAST_CACHE_DIR": str(Settings().cache_dir)}
    endpoints = PlatformFiles(home / ".local" / "state" / "outlast").read()
    if endpoints and not is_dead(endpoints.identity):
        os.kill(endpoints.pid, signal.SIGTERM)


@pytest.mark.parametrize("blocks", PAGES.values(), ids=PAGES.keys())
def test_the_commands_of_a_page_work(blocks: list[Block], laptop: dict[str, str], tmp_path: Path) -> None:
    run_page(blocks, place(tmp_path / "clone"), laptop, deadline_seconds=DEADLINE_SECONDS)
