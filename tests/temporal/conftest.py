"""Fixtures for tests against a real Temporal server; each test has a task queue and a model server of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from outlast.local.temporal import Ports, TemporalServer, free_port
from outlast.offline.config import OfflineConfig
from outlast.offline.server import OfflineServer

from .lab import Lab
from .script import respond


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TemporalServer]:
    """The embedded server, on loopback, with a database in a temporary folder."""
    folder = tmp_path_factory.mktemp("temporal")
    server = TemporalServer(
        database=folder / "temporal.db", log=folder / "temporal.log", ports=Ports(free_port(), free_port())
    )
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def offline() -> AsyncIterator[OfflineServer]:
    """A model server that plays the script at once; its faults and its ledger are the test's."""
    async with OfflineServer(OfflineConfig(latency_scale=0), responder=respond) as server:
        yield server


@pytest.fixture
async def lab(temporal: TemporalServer, offline: OfflineServer, tmp_path: Path) -> AsyncIterator[Lab]:
    """All that a job needs."""
    lab = Lab(temporal, offline, tmp_path)
    yield lab
    await lab.close()
    await asyncio.sleep(0.2)  # the SDK's threads end with the loop; on Python 3.11 too quick an exit can crash
