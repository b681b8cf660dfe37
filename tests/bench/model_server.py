"""The model of the bench as a process of its own: a job of eleven steps in a row, whatever is asked.

One planner request, one searcher with four searches, one analyst request: seven requests and four tool calls.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from outlast.offline import roles as rules
from outlast.offline.config import OfflineConfig
from outlast.offline.server import OfflineServer
from outlast.offline.turn import Reply, ToolCall, Turn

SEARCHES = 4
STEPS = 7 + SEARCHES
"""Steps of one job, each waiting for the one before."""


def respond(turn: Turn) -> Reply:
    """Answer by the output tool and by how many searches were made; games are played by their rules."""
    if {"submit_answer", "submit_reply"} & turn.tools.keys():
        return rules.respond(turn)
    if "submit_plan" in turn.tools:
        search = {"query": "Chad population", "purpose": "its size"}
        plan = {"summary": "One search.", "searches": [search], "analysis_instructions": "Say it."}
        return Reply(calls=(ToolCall("submit_plan", plan),))
    if "submit_findings" in turn.tools:
        made = sum(message.role == "tool" for message in turn.messages)
        if made < SEARCHES:
            fields = ("population", "area", "capital", "coastline")
            return Reply(calls=(ToolCall("search", {"query": f"Chad {fields[made]}"}),))
        return Reply(calls=(ToolCall("submit_findings", {"summary": "Found.", "passage_ids": []}),))
    draft = {"answer": "", "summary": "Nothing was asked.", "claims": [], "confidence": "none"}
    return Reply(calls=(ToolCall("submit_report", draft),))


async def serve(scale: float, ledger: Path) -> None:
    """Serve until standard input is closed, the address on standard output."""
    server = OfflineServer(OfflineConfig(latency_scale=scale, ledger=ledger), responder=respond)
    print(await server.start(), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]), Path(sys.argv[2])))
