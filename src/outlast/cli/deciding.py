"""What a person decides while a job runs: whether it goes on without this command, whether its plan is good."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from typing import Any

from outlast.cli.ask import ask
from outlast.cli.console import is_interactive, stderr
from outlast.cli.exits import INTERRUPTED, NOT_OVER, TERMINATED
from outlast.cli.interrupt import Interrupts
from outlast.cli.link import Link
from outlast.cli.request import Request
from outlast.cli.review import review_at_terminal
from outlast.cli.story import Snapshot, View
from outlast.durable.handles import JobHandles
from outlast.errors import JobFailedError, StateError, UnknownJobError, UsageError
from outlast.local.endpoints import PlatformFiles
from outlast.research.state import Stage

CANCEL_SECONDS = 10
"""How long a cancelled job gets to end before this command does."""


class Deciding:
    """The decisions on one job.

    Args:
        link: Where it is.
        jobs: The jobs of its kind.
        request: Which, and how to go on with it.
        view: What shows it.
        interrupts: Signals that come.
        own_worker: Whether this process works on it.
        leave: Whether to leave as soon as it waits for a person, since there is none here.
    """

    def __init__(
        self,
        link: Link,
        jobs: JobHandles[Any, Any, Any],
        request: Request[Any],
        view: View[Any],
        interrupts: Interrupts,
        *,
        own_worker: bool,
        leave: bool,
    ) -> None:
        self._link = link
        self._jobs = jobs
        self._request = request
        self._job_id = request.job_id
        self._view = view
        self._interrupts = interrupts
        self._own_worker = own_worker
        self._leave = leave
        self.exit_code = NOT_OVER
        self.cancelled = False

    async def interrupted(self) -> bool:
        """Ctrl-C or SIGTERM: ask where somebody is there; True ends this command."""
        if self._interrupts.terminated:
            return self._stop(TERMINATED)
        if not is_interactive():
            return self._stop(INTERRUPTED)
        with self._view.aside():
            answer = await ask(
                stderr(), f"{self._job_id} is not over. What shall become of it?", self._choices(), self._interrupts
            )
            if answer != "":
                self._view.close()
        match answer:
            case "":
                return False
            case "l":
                return self._left_running()
            case "c":
                return await self._cancel()
            case _:
                return self._stop(INTERRUPTED)

    async def waiting(self, snapshot: Snapshot[Any]) -> bool:
        """The job waits for a person: ask where one is there; True ends this command."""
        if snapshot.progress.stage is not Stage.AWAITING_APPROVAL:
            self._view.note(
                f"Give it more with `{self._request.again}` and --max-cost-usd, --max-tokens or --max-requests."
            )
            return self._leave
        if self._leave or not is_interactive():
            self._view.note(
                f"`outlast plan {self._job_id}` shows the plan, `outlast approve {self._job_id}` or "
                f"`outlast reject {self._job_id}` decides."
            )
            return self._leave
        return await self._review()

    async def _review(self) -> bool:
        plan = await self._link.jobs.plan(self._job_id)
        if plan is None:
            return False
        while True:
            review = await review_at_terminal(self._view, plan, self._interrupts)
            if review is None:
                self._view.note(f"It waits. `outlast approve {self._job_id}` lets it go on.")
                return True
            try:
                if review.approved:
                    await self._link.jobs.approve(self._job_id, review.plan)
                else:
                    await self._link.jobs.reject(self._job_id, review.reason)
            except UsageError as error:
                self._view.note(str(error))
                continue
            return False

    def _choices(self) -> dict[str, str]:
        if not self._own_worker:
            return {"l": "leave it to the workers that are at it", "c": "cancel it for good", "": "go on watching"}
        return {
            "l": "leave it running in the background" if self._link.platform else "leave it to other workers",
            "s": f"stop here; `{self._request.again}` goes on with it, and repeats nothing that is recorded",
            "c": "cancel it for good",
            "": "go on watching",
        }

    def _left_running(self) -> bool:
        self.exit_code = NOT_OVER
        if self._link.platform is None:
            self._view.note(f"{self._job_id} goes on; `{self._request.again}` shows it again.")
            return True
        pid = run_in_background(self._request, PlatformFiles(self._link.settings.state_dir))
        self._view.note(
            f"{self._job_id} goes on in the background (process {pid}): `{self._request.again}` shows it "
            f"again, `outlast cancel {self._job_id}` ends it."
        )
        return True

    async def _cancel(self) -> bool:
        self.cancelled = True
        self.exit_code = INTERRUPTED
        with contextlib.suppress(JobFailedError, UnknownJobError, TimeoutError):  # it may have ended meanwhile
            await self._jobs.cancel(self._job_id)
            async with asyncio.timeout(CANCEL_SECONDS):
                await self._jobs.result(self._job_id)
        return True

    def _stop(self, code: int) -> bool:
        self.exit_code = code
        self._view.note(
            f"{self._job_id} stands still until it is run again: {self._request.again}"
            if self._own_worker
            else f"{self._job_id} goes on where its workers are."
        )
        return True


def run_in_background(request: Request[Any], files: PlatformFiles) -> int:
    """Start a process that carries a job on without a terminal, until it ends or waits for a person.

    Returns:
        Its process id.

    Raises:
        StateError: it can't be started.
    """
    log = files.open_log("background")
    words = (request.verb, "--id", request.job_id, "--quiet", "--until-waiting")
    command = [sys.executable, "-P", "-m", "outlast.cli", *words]
    try:
        process = subprocess.Popen(  # noqa: S603 - our own module; the id was checked
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True
        )
    except OSError as error:
        raise StateError(f"No process could be started for {request.job_id}: {error}.") from None
    finally:
        os.close(log)
    pid = process.pid
    process.returncode = 0  # it is on its own from here; Python would warn of a child that still runs
    return pid
