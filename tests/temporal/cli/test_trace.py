"""`outlast trace` draws a job that was killed and taken up again."""

from __future__ import annotations

import json
import signal

from .conftest import Desk


async def test_a_job_that_was_killed_is_drawn(desk: Desk) -> None:
    desk.stall("*searcher__model_request")
    first = await desk.ask("drawn", 1)
    await desk.in_flight("drawn", 1)
    first.process.send_signal(signal.SIGKILL)
    await first.process.wait()
    desk.heal()
    again = await desk.run("run", "--id", "drawn", "--json")
    assert again.process.returncode == 0, repr(again)

    chart = await desk.run("trace", "drawn")
    assert chart.process.returncode == 0, repr(chart)
    assert "\x1b" not in chart.out
    assert f"process {first.process.pid} died" in chart.out
    assert f"process {again.process.pid} took drawn up" in chart.out
    picture = await desk.run("trace", "drawn", "--output", "drawn.png")
    assert picture.process.returncode == 0, repr(picture)
    assert (desk.folder / "drawn.png").read_bytes().startswith(b"\x89PNG")
    data = json.loads((await desk.run("trace", "drawn", "--format", "json")).out)
    assert [worker["name"] for worker in data["workers"]] == [
        f"process {command.process.pid}" for command in (first, again)
    ]
