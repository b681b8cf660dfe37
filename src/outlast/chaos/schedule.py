"""Which process is killed when: a schedule from a seed, every combination once before any comes twice. Pure."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product


class Victim(StrEnum):
    """What is killed, always with SIGKILL."""

    WORKER = "worker"
    """The worker that makes the step."""
    TEMPORAL = "temporal"
    MODEL = "model server"
    EVERYTHING = "everything"
    """All workers, Temporal and the model server, together."""


class Moment(StrEnum):
    """Where a step is when the kill strikes."""

    BEGUN = "begun"
    """Its attempt has begun, nothing is sent."""
    IN_FLIGHT = "in flight"
    """The ledger holds its request, without an end."""
    ANSWERED = "answered"
    """The answer is in, its worker has not reported it."""
    RECORDED = "recorded"
    """Its result has just been recorded."""


class Stop(StrEnum):
    """The kinds of steps of a research job, in the order in which it reaches them; the values are activity types."""

    PLANNER = "agent__planner__model_request"
    SCOUT = "agent__planner__toolset__sources__call_tool"
    SEARCHER = "agent__searcher__model_request"
    SEARCH = "agent__searcher__toolset__sources__call_tool"
    ANALYST = "agent__analyst__model_request"


@dataclass(frozen=True, slots=True)
class Strike:
    """One aimed kill."""

    victim: Victim
    moment: Moment
    stop: Stop
    told: bool = True
    """Whether the death of workers is reported at once, as whoever watches them does; else heartbeats are missed."""
    again: bool = False
    """Whether the attempt that takes the step up is struck at the same moment too."""

    def __str__(self) -> str:
        extra = ("" if self.told else ", untold") + (", twice" if self.again else "")
        return f"{self.victim} when {self.stop.name.lower()} is {self.moment}{extra}"


DEADLY = frozenset({Victim.WORKER, Victim.EVERYTHING})
"""Victims whose death makes another attempt at the step."""

COMBINATIONS = tuple(product(Victim, Moment, Stop))


def schedule(seed: int, count: int, *, untold: float = 0.1, again: float = 0.1) -> list[Strike]:
    """Draw strikes.

    Args:
        seed: The same one gives the same schedule.
        count: How many strikes; each combination of victim, moment and step occurs once before any occurs twice.
        untold: Share of those on workers whose death nobody reports.
        again: Share that strikes the next attempt too.
    """
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    strikes: list[Strike] = []
    for victim, moment, stop in _drawn(chance, count):
        told, twice = chance.random() >= untold, chance.random() < again
        repeats = victim in DEADLY and moment is not Moment.RECORDED
        strikes.append(Strike(victim, moment, stop, told=told or victim not in DEADLY, again=twice and repeats))
    return strikes


def by_job(strikes: Sequence[Strike]) -> list[tuple[Strike, ...]]:
    """Pack strikes into jobs: at most one at each kind of step, in the order in which a job reaches them."""
    queues = {stop: deque(strike for strike in strikes if strike.stop is stop) for stop in Stop}
    jobs: list[tuple[Strike, ...]] = []
    while any(queues.values()):
        jobs.append(tuple(queue.popleft() for queue in queues.values() if queue))
    return jobs


def _drawn(chance: random.Random, count: int) -> Iterator[tuple[Victim, Moment, Stop]]:
    drawn = 0
    while drawn < count:
        for combination in chance.sample(COMBINATIONS, len(COMBINATIONS)):
            if drawn < count:
                yield combination
                drawn += 1
