"""The ledger as the server's event loop sees it: writes happen on one thread of their own, in the order they came.

A slow or locked ledger must hold up the requests that wait for their row, never the loop that answers health checks.
"""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor

from outlast.errors import StateError
from outlast.ledger import BUSY_SECONDS, Ledger, LedgerRow, Outcome
from outlast.offline.faults import Fault
from outlast.offline.wire import Body
from outlast.steps import Step

_log = logging.getLogger(__name__)


class Recorder:
    """Writes one server's rows. It owns the ledger and closes it.

    Args:
        ledger: where rows go.
        name: what the ledger calls this server.
        proof: whether a request that can't be recorded is refused.
    """

    def __init__(self, ledger: Ledger, *, name: str, proof: bool) -> None:
        self._ledger = ledger
        self._name = name
        self._proof = proof
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self.problem: str | None = None
        """Why the last write failed, None while the ledger works."""

    async def begin(self, body: Body, *, step: Step | None, fault: Fault | None, started: float) -> OpenRow:
        """Write the row before the work.

        Raises:
            StateError: it could not be written, and this server serves nothing unrecorded.
        """
        deadline = time.monotonic() + BUSY_SECONDS

        def write() -> str:
            return self._ledger.begin(
                kind="model",
                name=self._name,
                subject=body.model,
                sha256=body.sha256,
                step=step,
                fault=fault.kind if fault else None,
                started=started,
                patience_seconds=deadline - time.monotonic(),  # the wait for the thread counts
            )

        pending = self._thread.submit(write)
        try:
            # Shielded: a row that is on its way can't be called back when the client leaves meanwhile.
            request_id = await asyncio.shield(_awaitable(pending))
        except asyncio.CancelledError:
            self._thread.submit(self._cut, pending)
            raise
        except StateError as error:
            self._note(str(error))
            if self._proof:
                raise
            return OpenRow(self, None)
        self._note(None)
        return OpenRow(self, request_id)

    def write_end(self, request_id: str, outcome: Outcome) -> asyncio.Future[None]:
        """Write the row after the work, soon; what fails is logged, as the answer can't be taken back."""
        ended, deadline = time.time(), time.monotonic() + BUSY_SECONDS

        def write() -> None:
            try:
                patience = deadline - time.monotonic()
                self._ledger.end(request_id, outcome, ended=ended, patience_seconds=patience)
            except StateError as error:
                self._note(str(error))

        return asyncio.get_running_loop().run_in_executor(self._thread, write)

    async def rows(self, job: str | None, *, after: int, limit: int | None) -> list[LedgerRow]:
        """Read rows, without waiting for writers."""
        return await asyncio.to_thread(self._ledger.rows, job, after=after, limit=limit)

    async def close(self) -> None:
        """Write what is pending, then close the ledger."""
        await asyncio.to_thread(self._thread.shutdown)
        self._ledger.close()

    def _cut(self, pending: Future[str]) -> None:
        # On the ledger's thread, behind the write that it follows, so there is nothing to wait for.
        try:
            self._ledger.end(pending.result(), Outcome("cut"))
        except StateError as error:
            self._note(str(error))

    def _note(self, problem: str | None) -> None:
        if problem and problem != self.problem:
            _log.error("%s", problem)
        self.problem = problem


def _awaitable(pending: Future[str]) -> asyncio.Future[str]:
    future = asyncio.wrap_future(pending)
    future.add_done_callback(lambda done: done.cancelled() or done.exception())  # looked at, though nobody may wait
    return future


class OpenRow:
    """The row of one request in progress; it ends once."""

    def __init__(self, recorder: Recorder, request_id: str | None) -> None:
        self._recorder = recorder
        self._ended = request_id is None
        self.request_id = request_id
        """None when the request is served unrecorded."""

    async def end(self, outcome: Outcome) -> None:
        """Write the outcome and wait until it stands."""
        if self.request_id and not self._ended:
            self._ended = True
            await asyncio.shield(self._recorder.write_end(self.request_id, outcome))

    def end_soon(self, outcome: Outcome) -> None:
        """Write the outcome without waiting: for requests that are being cancelled."""
        if self.request_id and not self._ended:
            self._ended = True
            self._recorder.write_end(self.request_id, outcome)
