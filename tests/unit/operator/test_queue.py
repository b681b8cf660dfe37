"""Each key at most once in the queue and at most once under way."""

from __future__ import annotations

import asyncio

from outlast.control.queue import WorkQueue


async def test_a_key_is_queued_once() -> None:
    queue = WorkQueue()
    for key in ("a", "b", "a"):
        queue.add(key)
    assert [await queue.take(), await queue.take(), len(queue)] == ["a", "b", 0]


async def test_a_key_under_way_is_looked_at_again_afterwards() -> None:
    queue = WorkQueue()
    queue.add("a")
    await queue.take()
    queue.add("a")
    queue.add("a")
    assert len(queue) == 0
    queue.done("a")
    assert [await queue.take(), len(queue)] == ["a", 0]


async def test_an_earlier_date_stands_and_a_later_one_gives_way() -> None:
    queue = WorkQueue()
    queue.add_after("a", 3600)
    queue.add_after("a", 0.01)
    queue.add_after("a", 3600)
    assert await asyncio.wait_for(queue.take(), 5) == "a"


async def test_a_forgotten_key_does_not_come_back() -> None:
    queue = WorkQueue()
    queue.add_after("a", 0.01)
    queue.forget("a")
    queue.add_after("b", 0.05)
    assert await asyncio.wait_for(queue.take(), 5) == "b"
    assert len(queue) == 0
