"""Each key at most once in the queue and at most once under way."""

from __future__ import annotations

import asyncio

from outlast.control.queue import TURNS, WorkQueue


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


async def test_what_goes_first_overtakes_what_waits() -> None:
    queue = WorkQueue()
    queue.add("old")
    queue.add("new", first=True)
    assert queue.urgent
    assert [await queue.take(), await queue.take()] == ["new", "old"]


async def test_only_what_goes_first_is_urgent() -> None:
    queue = WorkQueue()
    queue.add("old")
    assert not queue.urgent


async def test_no_stream_of_new_keys_starves_the_others() -> None:
    queue = WorkQueue()
    queue.add("old")
    for number in range(2 * TURNS):
        queue.add(f"new-{number}", first=True)
    assert "old" in [await queue.take() for _ in range(TURNS)]
