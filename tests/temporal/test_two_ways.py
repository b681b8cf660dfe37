"""The two programs of docs/concepts/two-ways.md come to the same answer, and differ in what the page says."""

from __future__ import annotations

import asyncio
import difflib
import os
import re
import sys
from pathlib import Path

from outlast.local.temporal import TemporalServer
from outlast.offline.config import OfflineConfig
from outlast.offline.roles import respond
from outlast.offline.server import OfflineServer
from outlast.settings import Settings

from .lab import DEADLINE, ROOT, job_id, until

PAGE = ROOT / "docs" / "concepts" / "two-ways.md"
EXAMPLES = ROOT / "docs" / "examples"
QUESTION = "Which of Portugal's neighbours has the largest population?"


def test_the_page_shows_the_difference_that_there_is() -> None:
    plain, durable = ((EXAMPLES / name).read_text().splitlines() for name in ("plain.py", "durable.py"))
    (shown,) = re.findall(r"^```diff\n(.*?)\n```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert shown.splitlines() == list(difflib.unified_diff(plain, durable, "plain.py", "durable.py", lineterm=""))


async def test_both_come_to_the_same_answer_though_one_is_killed(temporal: TemporalServer, tmp_path: Path) -> None:
    async with OfflineServer(OfflineConfig(latency_scale=0.3), responder=respond) as server:
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("OUTLAST_")},
            "OUTLAST_OFFLINE_URL": server.url,
            "OUTLAST_TEMPORAL_ADDRESS": f"127.0.0.1:{temporal.ports.frontend}",
            "OUTLAST_TASK_QUEUE": "two-ways",
            "OUTLAST_STATE_DIR": str(tmp_path),
            "OUTLAST_CACHE_DIR": str(Settings().cache_dir),
        }
        plain = await _answer(await _start(env, "plain.py", QUESTION))
        name = job_id()
        killed = await _start(env, "durable.py", QUESTION, name)
        await until(lambda: _requests(server, name, 3))
        killed.kill()
        await killed.wait()
        durable = await _answer(await _start(env, "durable.py", QUESTION, name))
    assert "Spain" in plain
    assert durable == plain


async def _requests(server: OfflineServer, job: str, count: int) -> bool:
    return len(await server.rows(job)) >= count


async def _start(env: dict[str, str], program: str, *args: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, str(EXAMPLES / program), *args, env=env, stdout=asyncio.subprocess.PIPE
    )


async def _answer(process: asyncio.subprocess.Process) -> str:
    async with asyncio.timeout(DEADLINE):
        answer, _ = await process.communicate()
    assert process.returncode == 0
    return answer.decode()
