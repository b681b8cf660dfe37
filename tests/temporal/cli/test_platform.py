"""The embedded platform: shared, replaced when it dies, found again, and never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from temporalio.client import Client

from outlast.durable.identity import is_dead
from outlast.errors import StateError
from outlast.local.endpoints import Endpoints, PlatformFiles
from outlast.local.platform import default_config, embedded_platform
from outlast.local.ports import free_port
from outlast.local.temporal import Ports, TemporalServer

from .commands import until

USER = """
import asyncio, sys
from pathlib import Path
from outlast.local.endpoints import PlatformFiles
from outlast.local.platform import embedded_platform

async def main():
    async with embedded_platform(PlatformFiles(Path(sys.argv[1]))) as endpoints:
        print(endpoints.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def files(tmp_path: Path) -> PlatformFiles:
    return PlatformFiles(tmp_path / "state")


async def gone(endpoints: Endpoints, servers: list[int]) -> None:
    """Wait until a platform ended, with all that it started."""
    await until(lambda: is_dead(endpoints.identity), "the host is gone")
    await until(lambda: not any(map(lives, servers)), "its server is gone")


async def test_many_users_at_once_get_one_platform_that_ends_after_the_last(files: PlatformFiles) -> None:
    async def use() -> tuple[Endpoints, list[int]]:
        async with embedded_platform(files) as endpoints:
            await Client.connect(endpoints.temporal)
            return endpoints, children(endpoints.pid)

    used = await asyncio.gather(*(use() for _ in range(8)))
    assert len({endpoints.pid for endpoints, _ in used}) == 1
    endpoints, servers = used[0]
    assert len(servers) == 1
    assert lives(endpoints.pid), "it waits a while for the next user"
    await gone(endpoints, servers)
    async with embedded_platform(files) as again:
        assert (again.temporal, again.temporal_ui, again.offline) == (
            endpoints.temporal,
            endpoints.temporal_ui,
            endpoints.offline,
        )


async def test_it_ends_when_its_user_is_killed(files: PlatformFiles) -> None:
    user = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", USER, str(files.folder)), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert user.stdout
        line = await user.stdout.readline()
    finally:
        user.kill()
        await user.wait()
    endpoints = files.read()
    assert endpoints
    assert endpoints.pid == int(line)
    await gone(endpoints, children(endpoints.pid))


async def test_its_server_dies_with_its_host_and_both_are_replaced(files: PlatformFiles) -> None:
    async with embedded_platform(files) as endpoints:
        client = await Client.connect(endpoints.temporal)
        await client.start_workflow("Anything", id="w1", task_queue="q")
        (server,) = children(endpoints.pid)
        os.kill(endpoints.pid, signal.SIGKILL)
        await until(lambda: not lives(server), "the server died with its host", 5)
        await until(lambda: (now := files.read()) and now.pid != endpoints.pid and lives(now.pid), "a new host")
        found = await client.get_workflow_handle("w1").describe()
        assert found.workflow_type == "Anything", "what was recorded is there, at the same address"


async def test_a_server_that_dies_is_started_again_by_its_host(files: PlatformFiles) -> None:
    async with embedded_platform(files) as endpoints:
        client = await Client.connect(endpoints.temporal)
        await client.start_workflow("Anything", id="w1", task_queue="q")
        (server,) = children(endpoints.pid)
        os.kill(server, signal.SIGKILL)
        await until(lambda: lives(endpoints.pid) and children(endpoints.pid) not in ([], [server]), "a new server")
        assert (await client.get_workflow_handle("w1").describe()).id == "w1"


async def test_other_settings_replace_an_idle_platform_and_are_refused_by_a_used_one(files: PlatformFiles) -> None:
    quick = default_config(files).model_copy(update={"latency_scale": 0.0})
    async with embedded_platform(files) as first:
        with pytest.raises(StateError, match="is in use, with other settings of the offline models"):
            async with embedded_platform(files, quick):
                pass
        async with embedded_platform(files) as same:
            assert same.pid == first.pid
    async with embedded_platform(files, quick) as second:
        assert second.pid != first.pid
        assert second.offline_config == quick
        async with embedded_platform(files) as third:
            assert third.pid == second.pid, "who asks for nothing takes what there is"


async def test_sigterm_ends_the_host_and_its_server(files: PlatformFiles) -> None:
    async with embedded_platform(files) as endpoints:
        servers = children(endpoints.pid)
    os.kill(endpoints.pid, signal.SIGTERM)
    await gone(endpoints, servers)


async def killed_at(files: PlatformFiles, size: int) -> None:
    """Start a server and kill it as soon as its database has this size."""
    server = TemporalServer(database=files.database, log=files.log("temporal"), ports=Ports(free_port(), free_port()))
    starting = asyncio.create_task(server.start())

    def is_there() -> bool:
        return bool(server.pid) and files.database.exists() and files.database.stat().st_size >= size

    await until(lambda: is_there() or starting.done(), "the database")
    if server.pid:
        os.kill(server.pid, signal.SIGKILL)
    await asyncio.gather(starting, return_exceptions=True)


async def test_a_kill_during_the_very_first_start_leaves_nothing_broken(files: PlatformFiles) -> None:
    files.prepare()
    for size in (0, 1, 50_000, 200_000):
        await killed_at(files, size)
    async with embedded_platform(files) as endpoints:
        client = await Client.connect(endpoints.temporal)
        await client.start_workflow("Anything", id="w1", task_queue="q")
    assert not list(files.folder.glob("*.unfinished"))
