"""A command on Temporal: starts its job or finds it, works on it, follows it, and lets go of it without loss."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar, Generic, TypeVar

from outlast.cli.checking import check_beforehand
from outlast.cli.deciding import Deciding
from outlast.cli.exits import DONE
from outlast.cli.follow import LOOK_SECONDS, REMOTE_LOOK_SECONDS, Follower, Handlers
from outlast.cli.interrupt import Interrupts
from outlast.cli.link import Link
from outlast.cli.request import Request, differences
from outlast.cli.resuming import InFlight, ReplayMeter, take_up
from outlast.cli.story import Begun, Ended, Snapshot, View, Where, completed
from outlast.cli.working import working
from outlast.durable.handles import JobHandles
from outlast.durable.identity import is_dead
from outlast.durable.jobs import Jobs
from outlast.durable.pending import is_polled
from outlast.durable.summaries import JobState, JobSummary
from outlast.durable.summaries import figures as read_figures
from outlast.errors import JobFailedError
from outlast.hosting.spending import Budgeted
from outlast.job.spec import ResearchJobSpec
from outlast.render.document import ReportDocument
from outlast.research.state import Progress, ResearchResult
from outlast.settings import Settings
from outlast.usage.meter import Usage

Deliver = Callable[[ReportDocument], None]

SpecT = TypeVar("SpecT", bound=Budgeted)
ProgressT = TypeVar("ProgressT", bound=Where)
ResultT = TypeVar("ResultT")


class DurableJob(ABC, Generic[SpecT, ProgressT, ResultT]):
    """One job of any kind in the hands of one command.

    Args:
        request: Which job.
        link: Where it is, or will be.
        view: Shows progress.
        worker: Whether this process works on it. None: only on the embedded server, since elsewhere workers with
            other credentials may be at work.
        until_waiting: Whether to end as soon as the job waits for a person.
    """

    outcome: ClassVar[str]
    """What it ends with."""

    def __init__(
        self,
        request: Request[SpecT],
        link: Link,
        view: View[ProgressT],
        *,
        worker: bool | None = None,
        until_waiting: bool = False,
    ) -> None:
        self._request = request
        self._job_id = request.job_id
        self._link = link
        self._view = view
        self._own_worker = link.platform is not None if worker is None else worker
        self._jobs = self.jobs(link, self._task_queue())
        self._until_waiting = until_waiting
        self._began = time.monotonic()
        self._replays = ReplayMeter()
        self._in_flight: InFlight | None = None

    # What is particular to a kind of job.

    @abstractmethod
    def jobs(self, link: Link, task_queue: str) -> JobHandles[SpecT, ProgressT, ResultT]:
        """The jobs of this kind."""

    @abstractmethod
    async def check(self, spec: SpecT, settings: Settings) -> None:
        """Check what it needs, before it starts."""

    @abstractmethod
    def title(self, spec: SpecT) -> str:
        """What it is about."""

    @abstractmethod
    def differences(self, recorded: SpecT, asked: SpecT) -> list[str]:
        """What stays as it was started though it is asked for otherwise now."""

    @abstractmethod
    def completed(self, last: ProgressT | None, result: ResultT) -> Snapshot[ProgressT]:
        """What its progress came to."""

    @abstractmethod
    def usage(self, result: ResultT) -> Usage:
        """What it used."""

    @abstractmethod
    def deliver(self, result: ResultT, ended: datetime | None) -> None:
        """Hand the result over."""

    async def run(self) -> int:
        """Carry the job out.

        Returns:
            The exit code.

        Raises:
            JobFailedError: the job ended without a report.
            OutlastError: it could not be started; the message says why.
        """
        interrupts = Interrupts()
        with interrupts.caught():
            recorded, known = await self._found_or_started()
            summary = await self._jobs.summary(self._job_id)
            asked = self._request.over(recorded)
            self._view.began(self._begun(recorded, summary, known=known))
            for difference in self.differences(recorded, asked):
                self._view.note(f"{self._job_id} stays as it was started: {difference}.")
            if summary.state is not JobState.RUNNING:
                return await self._over(summary)
            if known:
                self._in_flight = await take_up(self._link.client, self._job_id)
            queue = summary.task_queue
            if not self._own_worker:
                await self._warn_unless_polled(queue)
                return await self._followed(interrupts, recorded, asked)
            async with working(self._link, queue, self._view, self._replays):
                return await self._followed(interrupts, recorded, asked)

    def _task_queue(self) -> str:
        # On the embedded server each job has a queue of its own: a job that was stopped stays stopped while others
        # run, and steps are made with the keys and settings of the command that asked for the job.
        if self._link.platform is not None and self._own_worker:
            return f"{self._link.settings.task_queue}-{self._job_id}"
        return self._link.settings.task_queue

    async def _found_or_started(self) -> tuple[SpecT, bool]:
        spec = self._request.spec
        if spec is None:
            return await self._jobs.spec(self._job_id), True
        if self._own_worker:
            await self.check(spec, self._link.settings)
        if await self._jobs.start(self._job_id, spec):
            return spec, False
        return await self._jobs.spec(self._job_id), True

    async def _over(self, summary: JobSummary) -> int:
        try:
            result = await self._jobs.result(self._job_id)
        except JobFailedError as error:
            raise JobFailedError(f"{error} Another --id starts it anew.") from None
        self._view.note(f"{self._job_id} was complete already; this is its {self.outcome}.")
        self._finish(result, summary.ended)
        return DONE

    async def _followed(self, interrupts: Interrupts, recorded: SpecT, asked: SpecT) -> int:
        if asked.budget != recorded.budget:
            await self._jobs.set_budget(self._job_id, asked.budget)
            self._view.note(f"{self._job_id} has a new budget.")
        deciding = Deciding(
            self._link,
            self._jobs,
            self._request,
            self._view,
            interrupts,
            own_worker=self._own_worker,
            leave=self._until_waiting,
        )
        handlers = Handlers(on_first=self._tell_resumed, on_interrupt=deciding.interrupted, on_waiting=deciding.waiting)
        every = LOOK_SECONDS if self._own_worker else REMOTE_LOOK_SECONDS
        try:
            follower = Follower(self._jobs, self._job_id, self._view, self.completed, every=every)
            result = await follower.follow(interrupts, handlers)
        except JobFailedError:
            if not deciding.cancelled:
                raise
            result = None
        if result is None:
            if deciding.cancelled:
                self._view.note(f"{self._job_id} is cancelled.")
            return deciding.exit_code
        self._tell_resumed()  # unless it was told at the first look
        self._finish(result, datetime.now(UTC))
        return DONE

    def _finish(self, result: ResultT, ended: datetime | None) -> None:
        self._view.ended(Ended(self.usage(result), time.monotonic() - self._began))
        self.deliver(result, ended)

    def _tell_resumed(self) -> None:
        in_flight, self._in_flight = self._in_flight, None
        if in_flight is None:
            return
        resumed = in_flight.resumed(self._replays.of(self._job_id))
        if resumed is None:
            self._view.note(f"{self._job_id} goes on in other workers; this command follows it.")
        elif resumed.replayed_steps or resumed.sent_again or resumed.elsewhere:
            self._view.resumed(resumed)

    async def _warn_unless_polled(self, queue: str) -> None:
        if not await is_polled(self._link.client, queue, is_dead):
            self._view.note(
                f"No worker polls the task queue {queue!r} at {self._link.settings.temporal_address}: the job waits "
                "until one does. Start one with `outlast worker`, or run this again with --worker."
            )

    def _begun(self, spec: SpecT, summary: JobSummary, *, known: bool) -> Begun:
        platform, settings = self._link.platform, self._link.settings
        begun = Begun(
            job_id=self._job_id,
            query=self.title(spec),
            known=known,
            again=self._request.again,
            place=str(settings.temporal_address),
            recorded=figures.done if known and (figures := read_figures(summary.progress)) else 0,
        )
        if platform is None:
            return begun
        page = f"{platform.temporal_ui}/namespaces/{settings.temporal_namespace}/workflows/{self._job_id}"
        return replace(begun, place="embedded server", ui=page)


class DurableRun(DurableJob[ResearchJobSpec, Progress, ResearchResult]):
    """A research job in the hands of `outlast run`.

    Args:
        request: Which job.
        link: Where it is, or will be.
        view: Shows progress.
        deliver: Gets the report as soon as it is there.
        worker: As for every job.
        until_waiting: As for every job.
    """

    outcome = "report"

    def __init__(
        self,
        request: Request[ResearchJobSpec],
        link: Link,
        view: View,
        deliver: Deliver,
        *,
        worker: bool | None = None,
        until_waiting: bool = False,
    ) -> None:
        super().__init__(request, link, view, worker=worker, until_waiting=until_waiting)
        self._deliver = deliver

    def jobs(self, link: Link, task_queue: str) -> Jobs:
        """Research jobs."""
        return Jobs(link.client, task_queue)

    async def check(self, spec: ResearchJobSpec, settings: Settings) -> None:
        """Check models, prices and sources."""
        await check_beforehand(spec, settings)

    def title(self, spec: ResearchJobSpec) -> str:
        """The question."""
        return spec.query

    def differences(self, recorded: ResearchJobSpec, asked: ResearchJobSpec) -> list[str]:
        """Everything but the question, which makes another job, and the budget, which can be replaced."""
        return differences(recorded, asked)

    def completed(self, last: Progress | None, result: ResearchResult) -> Snapshot:
        """Every search ended."""
        return completed(last, result.report, self.usage(result))

    def usage(self, result: ResearchResult) -> Usage:
        """Of all roles."""
        return sum(result.usage.values(), Usage())

    def deliver(self, result: ResearchResult, ended: datetime | None) -> None:
        """Hand the report over."""
        self._deliver(ReportDocument(self._job_id, result, ended))
