"""Which process meets what, and when: drawn from a seed, every kind of blow equally often. Pure."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import TypeAlias


class Victim(StrEnum):
    """What is struck."""

    WORKER = "worker"
    """The worker that makes the step."""
    TEMPORAL = "temporal"
    """The Temporal server; on a cluster one of its roles, drawn anew each time."""
    MODEL = "model server"
    EVERYTHING = "everything"
    """All workers, Temporal and the model server, together."""
    OPERATOR = "operator"
    """The operator that acts; on a cluster alone."""
    DATABASE = "database"
    """The database under Temporal; on a cluster alone."""


class Manner(StrEnum):
    """How it is struck."""

    KILL = "kill"
    """SIGKILL; on a cluster deletion without grace."""
    DELETE = "delete"
    """Told to end, with the time that it is given: SIGTERM, a drain."""
    STALL = "stall"
    """It stands still for a while, and wakes up: SIGSTOP, then SIGCONT."""
    CUT = "cut"
    """The network between workers and Temporal is gone for a while."""
    STORM = "storm"
    """The model server answers with 429, 500 and 503 for a while."""


class Moment(StrEnum):
    """Where a step, or a job, is when the blow falls."""

    BEFORE = "before"
    """The step before it was recorded, it is not begun."""
    BEGUN = "begun"
    """Its attempt has begun, nothing is sent. Only a worker itself knows this moment: in the lab alone."""
    IN_FLIGHT = "in flight"
    """The ledger holds its request, without an end."""
    ANSWERED = "answered"
    """The answer is in, its worker has not reported it. In the lab alone, as `begun`."""
    RECORDED = "recorded"
    """Its result has just been recorded, the next decision is not made."""
    STARTING = "starting"
    """The job was just applied: the operator starts its workflow. On a cluster alone."""
    FINALIZING = "finalizing"
    """The workflow just ended: the operator writes report and status. On a cluster alone."""


class Stop(StrEnum):
    """The kinds of steps of a research job, in the order in which it reaches them; the values are activity types."""

    PLANNER = "agent__planner__model_request"
    SCOUT = "agent__planner__toolset__sources__call_tool"
    SEARCHER = "agent__searcher__model_request"
    SEARCH = "agent__searcher__toolset__sources__call_tool"
    ANALYST = "agent__analyst__model_request"


@dataclass(frozen=True, slots=True)
class Strike:
    """One aimed blow."""

    victim: Victim
    moment: Moment
    stop: Stop
    """The step it waits for; the first one for moments of the whole job."""
    told: bool = True
    """Whether the death of workers is reported at once, as whoever watches them does; else heartbeats are missed."""
    again: bool = False
    """Whether the attempt that takes the step up is struck at the same moment too."""
    manner: Manner = Manner.KILL

    @property
    def kind(self) -> str:
        """What is compared with its like: whom it meets, and how."""
        return f"{self.manner} {self.victim}" + ("" if self.told else ", untold")

    def __str__(self) -> str:
        how = "" if self.manner is Manner.KILL else f"{self.manner} of "
        extra = ("" if self.told else ", untold") + (", twice" if self.again else "")
        if self.moment in WHOLE_JOB:
            return f"{how}{self.victim} when the job is {self.moment}{extra}"
        when = f"{self.moment} {self.stop.name.lower()}" if self.moment is Moment.BEFORE else ""
        return f"{how}{self.victim} {when or f'when {self.stop.name.lower()} is {self.moment}'}{extra}"


WHOLE_JOB = frozenset({Moment.STARTING, Moment.FINALIZING})
"""Moments of a job, not of one of its steps."""

DEADLY = frozenset({Victim.WORKER, Victim.EVERYTHING})
"""Victims whose death makes another attempt at the step."""

REPEATING = frozenset({Moment.BEGUN, Moment.IN_FLIGHT, Moment.ANSWERED})
"""Moments at which the death of a worker makes another attempt at the step."""

Combination: TypeAlias = tuple[Victim, Manner, Moment, Stop]

COMBINATIONS: tuple[Combination, ...] = tuple(
    product(
        (Victim.WORKER, Victim.TEMPORAL, Victim.MODEL, Victim.EVERYTHING),
        (Manner.KILL,),
        (Moment.BEGUN, Moment.IN_FLIGHT, Moment.ANSWERED, Moment.RECORDED),
        Stop,
    )
)
"""Every kill in the lab."""


def schedule(
    seed: int,
    count: int,
    combinations: Sequence[Combination] = COMBINATIONS,
    *,
    untold: float = 0.1,
    again: float = 0.1,
) -> list[Strike]:
    """Draw strikes.

    Args:
        seed: The same one gives the same schedule.
        count: How many strikes. Kinds, of victim and manner, occur equally often, and of each kind every moment occurs
            once before any occurs twice.
        combinations: What may be drawn.
        untold: Share of those that kill workers whose death nobody reports.
        again: Share that strikes the next attempt too.
    """
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    strikes: list[Strike] = []
    for victim, manner, moment, stop in _drawn(chance, count, combinations):
        told, twice = chance.random() >= untold, chance.random() < again
        deadly = victim in DEADLY and manner is Manner.KILL
        strikes.append(
            Strike(
                victim,
                moment,
                stop,
                told=told or not deadly,
                again=twice and deadly and moment in REPEATING,
                manner=manner,
            )
        )
    return strikes


def by_job(strikes: Sequence[Strike], most: int | None = None) -> list[tuple[Strike, ...]]:
    """Pack strikes into jobs: at most one at each kind of step, in the order in which a job reaches them.

    Args:
        strikes: All of them.
        most: How many a job meets at the most; None for as many as it has kinds of steps.
    """
    queues = {place: deque(strike for strike in strikes if _place(strike) == place) for place in range(len(Stop) + 2)}
    jobs: list[tuple[Strike, ...]] = []
    while any(queues.values()):
        # The fullest first, or the last jobs would meet the rest of one kind alone.
        fullest = sorted(queues, key=lambda place: -len(queues[place]))[: most or len(queues)]
        jobs.append(tuple(queues[place].popleft() for place in sorted(fullest) if queues[place]))
    return jobs


def _place(strike: Strike) -> int:
    if strike.moment in WHOLE_JOB:
        return 0 if strike.moment is Moment.STARTING else len(Stop) + 1
    return 1 + list(Stop).index(strike.stop)


def _drawn(chance: random.Random, count: int, combinations: Sequence[Combination]) -> Iterator[Combination]:
    """Round after round, one of each kind: rare ones are not lost among those that have many moments."""
    kinds: dict[tuple[Victim, Manner], list[Combination]] = {}
    for combination in combinations:
        kinds.setdefault(combination[:2], []).append(combination)
    decks: dict[tuple[Victim, Manner], list[Combination]] = {}
    drawn = 0
    while drawn < count and kinds:
        for kind in chance.sample(list(kinds), len(kinds)):
            if not decks.get(kind):
                decks[kind] = chance.sample(kinds[kind], len(kinds[kind]))
            if drawn < count:
                yield decks[kind].pop()
                drawn += 1
