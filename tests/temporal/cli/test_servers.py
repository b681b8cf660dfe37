"""The verbs that run until they are told to end: a worker, everything at once, the models alone."""

from __future__ import annotations

import json
import signal
import socket
import urllib.request
from pathlib import Path

from outlast.local.ports import free_port
from outlast.local.temporal import TemporalServer

from .commands import Command, until
from .conftest import Desk
from .script import SOURCE


def elsewhere(temporal: TemporalServer, queue: str) -> dict[str, str]:
    return {"OUTLAST_TEMPORAL_ADDRESS": f"127.0.0.1:{temporal.ports.frontend}", "OUTLAST_TASK_QUEUE": queue}


def logged(command: Command) -> list[dict[str, str]]:
    return [json.loads(line) for line in command.err.split("\n")[:-1]]


async def test_a_job_on_a_server_elsewhere_is_left_to_its_workers(desk: Desk, temporal: TemporalServer) -> None:
    env = elsewhere(temporal, "elsewhere") | {"OUTLAST_LOG_FORMAT": "json", "OUTLAST_HTTP_PORT": str(free_port())}
    run = await desk.ask("elsewhere-1", env=env)
    await until(lambda: run.event("note"), "the warning")
    note = run.event("note")
    assert note
    assert "No worker polls the task queue 'elsewhere'" in note["text"]
    assert "run this again with --worker" in note["text"]
    worker = await desk.start("worker", env=env)
    assert await run.end() == 0, run
    assert run.event("report")
    assert not desk.platform_runs()

    desk.stall("agent__analyst__*", seconds=3)
    second = await desk.ask("elsewhere-2", env=env)
    await desk.in_flight("elsewhere-2", 1)
    worker.signal(signal.SIGTERM)
    assert await worker.end() == 0, worker
    messages = [line["message"] for line in logged(worker)]
    assert "draining after SIGTERM" in messages
    assert messages[-1] == "drained"
    desk.heal()
    helper = await desk.start("worker", env=env)
    assert await second.end() == 0, second
    helper.signal(signal.SIGINT)
    assert await helper.end() == 0, helper
    rows = [row for row in await desk.offline.rows("elsewhere-2") if row.step_kind and "analyst" in row.step_kind]
    assert [row.attempt for row in rows] == [1], "the step that was under way ended as its first attempt"


async def test_a_second_signal_ends_a_worker_at_once(desk: Desk, temporal: TemporalServer) -> None:
    env = elsewhere(temporal, "at-once") | {"OUTLAST_DRAIN_SECONDS": "600"}
    desk.stall("agent__planner__*")
    worker = await desk.start("worker", env=env)
    run = await desk.ask("at-once-1", env=env)
    await desk.in_flight("at-once-1", 1)
    worker.signal(signal.SIGTERM)
    await worker.heard("draining after SIGTERM")
    worker.signal(signal.SIGTERM)
    assert await worker.end() == 143, worker
    assert "ending at once" in worker.err
    run.signal(signal.SIGTERM)
    assert await run.end() == 143, run
    assert "goes on where its workers are" in run.out
    desk.heal()
    taken = await desk.run("run", "--id", "at-once-1", "--worker", "--json", env=env)
    assert taken.process.returncode == 0, taken
    told = taken.event("resumed")
    assert told
    assert told["sent_again"] == 1


async def test_a_worker_waits_for_its_server(desk: Desk) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        worker = await desk.start("worker", env={"OUTLAST_TEMPORAL_ADDRESS": address})
        await worker.heard(f"Temporal does not answer at {address}")
        await worker.heard("Trying again in 1 s.")
        worker.signal(signal.SIGTERM)
        assert await worker.end() == 0, worker
    assert "Traceback" not in worker.err


async def test_dev_runs_everything_and_serves_other_terminals(desk: Desk) -> None:
    dev = await desk.start("dev", "--latency-scale", "0")
    await dev.heard("Ctrl-C ends it.")
    endpoints = desk.files.read()
    assert endpoints
    assert endpoints.temporal_ui in dev.err
    assert f"export OUTLAST_TEMPORAL_ADDRESS={endpoints.temporal} OUTLAST_OFFLINE_URL={endpoints.offline}" in dev.err
    with urllib.request.urlopen(endpoints.temporal_ui, timeout=10) as page:  # noqa: ASYNC210
        assert page.status == 200
    env = {"OUTLAST_TEMPORAL_ADDRESS": endpoints.temporal}
    run = await desk.run("run", "The areas of 2 places?", "--id", "a1", "-s", SOURCE, env=env)
    assert (run.process.returncode, "2 areas." in run.out) == (0, True), run
    dev.signal(signal.SIGINT)
    assert await dev.end() == 0, dev
    assert "Traceback" not in dev.err
    await until(lambda: not desk.platform_runs(), "the platform ends")
    refused = await desk.run("dev", env=env)
    assert (refused.process.returncode, "runs a server of its own" in refused.err) == (2, True)


async def test_the_models_alone(desk: Desk) -> None:
    ledger = desk.folder / "models.db"
    port = free_port()
    serve = await desk.start(
        *("offline", "serve", "--port", str(port), "--ledger", str(ledger), "--latency-scale", "0", "--fault", "429=0")
    )
    await serve.heard(f"export OUTLAST_OFFLINE_URL=http://127.0.0.1:{port}")
    taken = await desk.run("offline", "serve", "--port", str(port))
    assert (taken.process.returncode, "the port is in use" in taken.err) == (1, True), taken
    env = {"OUTLAST_OFFLINE_URL": f"http://127.0.0.1:{port}"}
    run = await desk.run("run", "How large is place 3?", "--id", "a1", "-s", SOURCE, "--stateless", "-q", env=env)
    assert run.process.returncode == 0, run
    rows = (await desk.run("offline", "ledger", "a1", "--ledger", str(ledger), "--json")).out.splitlines()
    assert {json.loads(row)["job"] for row in rows} == {"a1"}
    shown = await desk.run("offline", "ledger", "--ledger", str(ledger))
    assert "OUTCOME" in shown.out
    assert "ok" in shown.out
    none = await desk.run("offline", "ledger", "other", "--ledger", str(ledger))
    assert "has no rows of job other" in none.err
    serve.signal(signal.SIGTERM)
    assert await serve.end() == 0, serve


async def test_a_corpus_from_build_to_removal(desk: Desk) -> None:
    folder: Path = desk.folder / "papers"
    folder.mkdir()
    (folder / "a.md").write_text("# A\n\nThe area of place 0 is 1 sq km.\n")
    (folder / "b.bin").write_bytes(b"\x00\x01")
    built = await desk.run("corpus", "build", "papers")
    assert built.process.returncode == 0, built
    assert "The corpus papers has 1 passages from 1 files" in built.err
    listed = json.loads((await desk.run("corpus", "list", "--json")).out)
    assert [(corpus["name"], corpus["error"]) for corpus in listed] == [(SOURCE, None), ("papers", None)]
    assert "papers" in (await desk.run("corpus", "list")).out
    removed = await desk.run("corpus", "remove", "papers")
    assert (removed.process.returncode, "is removed" in removed.err) == (0, True), removed
    assert (folder / "a.md").exists()
