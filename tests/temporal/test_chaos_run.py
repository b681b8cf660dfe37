"""`outlast chaos run`: blows that are no kills, the proof after them, and a campaign that goes on where it was."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from outlast.chaos.lab.stage import DEADLINE

PLAN = """
apiVersion: outlast.dev/v1alpha1
kind: ChaosPlan
metadata: {name: small}
spec:
  seed: 3
  strikes: 4
  strikesPerJob: 4
  faults:
    - {what: [worker], when: {steps: [planner]}}
    - {what: [worker], how: cut, when: {steps: [searcher]}}
    - {what: [worker], how: delete, when: {steps: [search]}}
    - {what: [model server], how: storm, when: {moments: [before], steps: [analyst]}}
"""


async def chaos(folder: Path, *words: str) -> tuple[int, str, str]:
    plan = folder / "plan.yaml"
    plan.write_text(PLAN)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OUTLAST_")}
    own = {"OUTLAST_STATE_DIR": str(folder / "state"), "OUTLAST_CACHE_DIR": str(folder / "cache")}
    command = (sys.executable, "-m", "outlast.cli", "chaos", "run", str(plan), *words)
    process = await asyncio.create_subprocess_exec(
        *command, env=clean | own, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(3 * DEADLINE):
        out, err = await process.communicate()
    return int(process.returncode or 0), out.decode(), err.decode()


async def test_a_plan_is_carried_out_proved_and_not_carried_out_twice(tmp_path: Path) -> None:
    code, out, _ = await chaos(tmp_path)
    assert code == 0
    assert "cut of worker when searcher is in flight" in out
    assert "Nothing was done" in out
    assert not (tmp_path / "state").exists()

    words = ("--execute", "--plain", "--json", "--folder", str(tmp_path / "campaign"))
    code, out, err = await chaos(tmp_path, *words)
    told: dict[str, Any] = json.loads(out)
    assert (code, told["verdict"]) == (0, "true"), err
    assert (told["jobs"], told["hit"]) == (1, 4), err
    assert told["resent_by_cause"], "a worker that was killed in flight left no request to send again"
    assert told["plain"]["restarts"] == 1
    assert told["plain"]["undisturbed_tokens"] == told["comparable"]["undisturbed_tokens"] > 0
    report = json.loads((tmp_path / "campaign" / "report.json").read_text())
    assert report["outcomes"][1]["struck"][0]["who"].startswith("process ")
    assert "Nothing was lost" in (tmp_path / "campaign" / "report.html").read_text()

    code, again, err = await chaos(tmp_path, *words)
    assert (code, json.loads(again)) == (0, told), err
