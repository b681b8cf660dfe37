"""What a campaign acts upon, the processes of a lab or the pods of a cluster: one protocol, so that one driver does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from temporalio.client import Client

from outlast.chaos.interruptions import Interruption
from outlast.chaos.join import LedgerCopy
from outlast.chaos.schedule import Strike
from outlast.job.spec import ResearchJobSpec


@dataclass(frozen=True, slots=True)
class Blow:
    """A strike that fell."""

    at: float
    """Epoch seconds, just before it."""
    back: float
    """When everything that it took was there again; `at` where nobody waited for that."""
    who: str = ""
    """What it met: a process, pods, a link."""
    activity: str = ""
    """The step that it met under way; empty when it met none."""
    kills: int = 0
    """Processes or pods that ended by it."""


class Target(Protocol):
    """Something that carries jobs out and can be struck."""

    client: Client
    """Reads histories."""
    known: list[Interruption]
    """Every blow so far, as evidence for the checker."""

    def refusal(self, strike: Strike) -> str | None:
        """Why a strike can't be made here, in a sentence; None when it can."""
        ...

    async def ready(self) -> None:
        """Wait until everything works that a job needs."""
        ...

    async def start(self, job: str, spec: ResearchJobSpec) -> None:
        """Submit a job."""
        ...

    async def workflow(self, job: str) -> str:
        """The id of its workflow, once it has one."""
        ...

    async def ended(self, job: str) -> None:
        """Wait for its end, through any number of deaths.

        Raises:
            JobFailedError: it ended without a report.
        """
        ...

    async def strike(self, job: str, strike: Strike, over: asyncio.Event) -> Blow | None:
        """Wait for the moment and strike; None when the job ended before. What was taken comes back by itself."""
        ...

    async def ledgers(self) -> Sequence[LedgerCopy]:
        """Whole ledgers, now."""
        ...

    async def leftovers(self, jobs: Sequence[str]) -> Sequence[str]:
        """What these jobs left behind that should be gone, in sentences."""
        ...
