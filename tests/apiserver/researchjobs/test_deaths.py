"""Workers and operators that are killed under a job: the same report, a proof, and a status that tells it right."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from outlast.chaos.check import check
from outlast.chaos.history import read_job
from outlast.chaos.join import LedgerCopy
from outlast.chaos.proof import Proof
from outlast.chaos.verdict import Verdict
from outlast.ledger import read_rows
from outlast.offline.remote import fetch_rows
from tests.apiserver.researchjobs import pods
from tests.apiserver.researchjobs.backend import Backend, Process, Processes
from tests.apiserver.researchjobs.jobs import Jobs
from tests.cluster.waiting import wait_until

QUESTION = "Which of Germany's neighbours has the largest population?"


def proof(backend: Backend, workflow_id: str, sources: Path) -> Proof:
    """History and both ledgers, joined and checked."""

    async def checked() -> Proof:
        record = await read_job(backend.client, workflow_id)
        models = LedgerCopy(backend.offline_url, tuple(await fetch_rows(backend.offline_url)))
        return check([record], [models, LedgerCopy(str(sources), tuple(read_rows(sources)))])

    return backend.run(checked())


def asks(backend: Backend, workflow_id: str, role: str) -> bool:
    """Whether a model request of a role is under way."""
    kind = f"__{role}__model_request"

    async def described() -> bool:
        pending = (await backend.client.get_workflow_handle(workflow_id).describe()).raw_description.pending_activities
        return any(kind in step.activity_type.name and step.HasField("last_started_time") for step in pending)

    return backend.run(described())


def begin(jobs: Jobs, name: str) -> str:
    """Apply a job and wait for its workflow; its id."""
    jobs.apply(name, query=QUESTION, maxSearches=16)
    jobs.await_condition(name, "Accepted")
    return jobs.workflow_id(name)


def test_a_killed_worker_or_operator_changes_no_report_and_the_status_tells_what_the_checker_counts(
    jobs: Jobs, own: Processes, lonely: Backend, tmp_path: Path
) -> None:
    sources = tmp_path / "sources.db"

    def worker(name: str) -> Process:
        # No heartbeat is missed in a test's time: only the report of a death can be what moves a step.
        identity = f"{name}/{pods.make(jobs, name)}/{time.time():.3f}"
        return own.worker(name, OUTLAST_IDENTITY=identity, OUTLAST_HEARTBEAT_SECONDS="600", OUTLAST_LEDGER=str(sources))

    operator = own.operator()
    operator.await_text("this process holds the Lease")
    living = worker("worker-0")
    begin(jobs, "undisturbed")
    jobs.await_condition("undisturbed", "Complete")
    honest = (jobs.get("undisturbed") or {})["status"]

    for number, role in enumerate(("planner", "searcher", "analyst"), start=1):
        workflow = begin(jobs, role)
        wait_until(
            lambda: asks(lonely, workflow, role),  # noqa: B023 - waited for within the round
            what=f"a request of the {role}",
            deadline_seconds=60,
        )
        living.end(signal.SIGKILL)
        if role == "searcher":
            operator.end(signal.SIGKILL)
            operator = own.operator()
        pods.report_dead(jobs, f"worker-{number - 1}")
        living = worker(f"worker-{number}")
        jobs.await_condition(role, "Complete")
        status = (jobs.get(role) or {})["status"]
        assert status["result"]["sha256"] == honest["result"]["sha256"]
        assert status["usage"] == honest["usage"]
        found = proof(lonely, workflow, sources)
        assert found.verdict is Verdict.TRUE, found
        recovery, counted = status["recovery"], found.figures
        assert recovery["resumptions"] == counted.resumptions >= 1
        assert recovery["replayedSteps"] == counted.replayed_steps
        assert recovery["retriedAttempts"] == counted.retried_attempts >= 1
        # The checker counts searches too, and knows from the ledger what was cut before it was sent.
        assert 1 <= recovery["resentRequests"] <= counted.resent_requests + counted.silent_attempts
        assert len(lonely.runs(workflow)) == 1
