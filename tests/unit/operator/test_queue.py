"""Each key at most once in the queue and at most once under way."""

from __future__ import annotations

import asyncio

from outlast.control.queue import OTHERS_AT_ONCE, TURNS, WorkQueue


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


async def test_few_others_are_under_way_while_new_keys_come() -> None:
    queue = WorkQueue()
    for number in range(OTHERS_AT_ONCE + 1):
        queue.add(f"old-{number}")
    queue.add("new", first=True)
    taken = [await queue.take() for _ in range(OTHERS_AT_ONCE + 1)]
    assert "new" in taken
    waiting = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.done("old-0")
    assert await asyncio.wait_for(waiting, 60) == f"old-{OTHERS_AT_ONCE}"


async def test_the_others_get_all_turns_when_no_new_key_comes_any_more() -> None:
    queue = WorkQueue()
    queue.add("new", first=True)
    assert await queue.take() == "new"
    for number in range(2 * OTHERS_AT_ONCE):
        queue.add(f"old-{number}")
    taken = [await asyncio.wait_for(queue.take(), 60) for _ in range(2 * OTHERS_AT_ONCE)]
    assert taken == [f"old-{number}" for number in range(2 * OTHERS_AT_ONCE)]


async def test_one_new_key_alone_is_not_in_its_own_way() -> None:
    queue = WorkQueue()
    for key in ("a", "b"):
        queue.add(key, first=True)
    await queue.take()
    await queue.take()
    assert queue.urgent
    queue.done("a")
    assert not queue.urgent
