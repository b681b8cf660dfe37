"""`outlast run` killed with everything it uses, and run again: the report is the same, and `outlast prove` agrees."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from outlast.chaos.lab.stage import DEADLINE, open_rows, until
from outlast.chaos.plan import QUESTION
from outlast.chaos.schedule import Stop
from outlast.ledger import LedgerRow, read_rows
from outlast.local.endpoints import PlatformFiles


@dataclass
class Machine:
    """A laptop: a state folder of its own, and the command."""

    folder: Path

    @property
    def files(self) -> PlatformFiles:
        return PlatformFiles(self.folder / "state")

    def rows(self, job: str) -> list[LedgerRow]:
        """What the ledger holds of a job, now."""
        return read_rows(self.files.ledger, job) if self.files.ledger.exists() else []

    async def start(self, *args: str) -> asyncio.subprocess.Process:
        """Start the command."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("OUTLAST_")}
        own = {"OUTLAST_STATE_DIR": str(self.files.folder), "OUTLAST_CACHE_DIR": str(self.folder / "cache")}
        with (self.folder / "command.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "outlast.cli", *args, env=clean | own, stdout=asyncio.subprocess.PIPE, stderr=log
            )

    async def run(self, *args: str) -> tuple[int, bytes]:
        """Run the command to its end."""
        command = await self.start(*args)
        async with asyncio.timeout(DEADLINE):
            output, _ = await command.communicate()
        return int(command.returncode or 0), output

    async def killed_when(self, met: Callable[[], Any], *args: str, platform: bool = False) -> None:
        """Run the command until something is so, then kill it, and the platform that it uses."""
        command = await self.start(*args)
        try:
            await until(lambda: met() or command.returncode is not None)
            assert command.returncode is None, (self.folder / "command.log").read_text()
        finally:
            with contextlib.suppress(ProcessLookupError):
                command.kill()
            if platform:
                self.end_platform(signal.SIGKILL)
            await command.wait()

    def end_platform(self, how: signal.Signals) -> None:
        """Signal the host of the platform, if there is one; Temporal dies with it, the model server is part of it."""
        endpoints = self.files.read()
        if endpoints is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(endpoints.pid, how)


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.end_platform(signal.SIGTERM)


async def test_a_run_that_is_killed_three_times_ends_as_one_that_is_not(machine: Machine) -> None:
    def asked(stop: Stop) -> Callable[[], list[LedgerRow]]:
        return lambda: open_rows(machine.rows("victim"), stop)

    code, expected = await machine.run("run", QUESTION, "--id", "twin", "--format", "json", "--quiet")
    assert code == 0
    victim = ("run", QUESTION, "--id", "victim", "--format", "json", "--quiet")
    await machine.killed_when(asked(Stop.PLANNER), *victim)
    await machine.killed_when(asked(Stop.SEARCHER), *victim, platform=True)
    await machine.killed_when(asked(Stop.ANALYST), *victim)
    code, found = await machine.run(*victim)
    assert code == 0
    assert json.loads(found)["report"] == json.loads(expected)["report"]

    code, output = await machine.run("prove", "victim", "twin", "--twin", "twin", "--json")
    proof = json.loads(output)
    assert (code, proof["verdict"]) == (0, "true"), output.decode()
    causes = proof["figures"]["resent_by_cause"]
    assert sum(causes.values()) >= 3
    assert all(cause.startswith(("cut: ", "report lost: ")) for cause in causes), causes
    assert proof["figures"]["resumptions"] >= 2
