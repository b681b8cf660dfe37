"""The jobs of the cluster as the API server last told them, and what this process remembers of each.

What is remembered saves calls and is never the only record: after a restart everything is found anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from outlast.control.report import Rendered
from outlast.job.assess import was_started
from outlast.job.observed import FINALIZER, Desired, Failure, Workflow
from outlast.job.spec import Metadata, ResearchJobSpec, ResearchPlan
from outlast.job.status import JobStatus, RecoveryStatus

RECOUNT_SECONDS = 20.0
"""How long after the loss of a worker its job's history is read anew: another one has taken its steps up by then."""

LISTING_LAG_SECONDS = 4.0
"""How far visibility may be behind the workflows, a sweep included."""


@dataclass(slots=True)
class Memory:
    """What this process remembers of one job."""

    written: JobStatus | None = None
    """The status that this process last wrote, to tell who wrote the one that stands."""
    delivered: int | None = None
    """Generation whose suspension and budget the workflow has for certain."""
    describe_until: float = 0.0
    """Time of the monotonic clock until which listings of its workflow may be out of date."""
    started_run: str = ""
    """The run that this process started, while nothing else was done to it: a listing that shows it is not behind."""
    failures: int = 0
    """Visits in a row that ended in an error."""
    plan: ResearchPlan | None = None
    failure: tuple[str, Failure] | None = None
    """By run id: an end doesn't change."""
    rendered: Rendered | None = None
    store_problem: str = ""
    """Why the report could not be written to its store last time."""
    recovery: RecoveryStatus | None = None
    ended_run: str = ""
    """The run whose history was read once more after its end."""
    recount_until: float = 0.0
    """Time of the monotonic clock until which the history is read anew, since a worker was lost."""

    def interrupted(self) -> None:
        """A worker that carried out steps of this job is dead."""
        self.recount_until = time.monotonic() + RECOUNT_SECONDS

    @property
    def recounts(self) -> bool:
        """Whether the figures of recovery are about to change."""
        return time.monotonic() < self.recount_until

    def changed(self, started_run: str = "") -> None:
        """Something was done to the workflow, which listings learn of a little later.

        Args:
            started_run: The run, if it was a start.
        """
        self.describe_until = time.monotonic() + LISTING_LAG_SECONDS
        self.started_run = started_run

    @property
    def listing_is_behind(self) -> bool:
        """Whether the workflow has to be asked for, since listings may not know yet."""
        return time.monotonic() < self.describe_until

    def is_shown_by(self, listed: Workflow | None) -> bool:
        """Whether a listing knows all that was done to the workflow."""
        return listed is not None and (not self.listing_is_behind or listed.run_id == self.started_run)


@dataclass(slots=True)
class Entry:
    """One job."""

    body: dict[str, Any]
    """As the API server last told it; replaced, never changed."""
    memory: Memory = field(default_factory=Memory)
    _desired: tuple[dict[str, Any], Desired] | None = field(default=None, repr=False)
    _status: tuple[object, JobStatus, bool] | None = field(default=None, repr=False)

    @property
    def desired(self) -> Desired:
        """What its author wants; a body is read once, and a spec that did not change isn't read again."""
        if self._desired is None or self._desired[0] is not self.body:
            self._desired = (self.body, desired_of(self.body, self._desired))
        return self._desired[1]

    @property
    def status(self) -> tuple[JobStatus, bool]:
        """The status that stands, and whether it can be read at all."""
        told = self.body.get("status") or {}
        if self._status is None or self._status[0] is not told:
            try:
                self._status = (told, JobStatus.model_validate(told), True)
            except ValidationError:
                self._status = (told, JobStatus(conditions=[]), False)
        return self._status[1], self._status[2]

    @property
    def unstarted(self) -> bool:
        """Whether no operator has begun with its start yet: a finished job has no finalizer either."""
        if FINALIZER in self.body["metadata"].get("finalizers", []):
            return False
        return not self.body.get("status") or not (self.status[0].finished or was_started(self.status[0]))


class JobCache:
    """Every job that is watched, by uid."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._by_workflow: dict[str, str] = {}

    def saw(self, body: dict[str, Any]) -> tuple[str, bool]:
        """Take a version of a job in, unless it or a newer one is there; returns its uid, and whether it was news."""
        uid = str(body["metadata"]["uid"])
        entry = self._entries.get(uid)
        if entry is None:
            entry = self._entries[uid] = Entry(without_owners(body))
            self._by_workflow[entry.desired.workflow_id] = uid
        elif _version(body) > _version(entry.body):
            entry.body = without_owners(body)
        else:
            return uid, False
        return uid, True

    def gone(self, uid: str) -> None:
        """Forget a job that is deleted."""
        entry = self._entries.pop(uid, None)
        if entry is not None:
            self._by_workflow.pop(entry.desired.workflow_id, None)

    def get(self, uid: str) -> Entry | None:
        """One job, None once it is gone."""
        return self._entries.get(uid)

    def uid_of(self, workflow_id: str) -> str | None:
        """The job behind a workflow."""
        return self._by_workflow.get(workflow_id)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)


def without_owners(body: dict[str, Any]) -> dict[str, Any]:
    """A job without the record of who set which field: half of its size, and an update that lacks it keeps it."""
    return {**body, "metadata": {key: told for key, told in body["metadata"].items() if key != "managedFields"}}


def desired_of(body: dict[str, Any], before: tuple[dict[str, Any], Desired] | None = None) -> Desired:
    """Read a job; one that can't be read is a job with a problem, not an error.

    Args:
        body: The job as the API server tells it.
        before: An earlier body of the same job and what was read from it: an equal spec is taken from there.
    """
    metadata = Metadata.model_validate({**body["metadata"], "name": None, "namespace": None})
    if before is not None and before[0].get("spec") == body.get("spec"):
        spec, problem = before[1].spec, before[1].problem
    else:
        spec, problem = _spec(body.get("spec") or {})
    return Desired(
        namespace=body["metadata"]["namespace"],
        name=body["metadata"]["name"],
        uid=str(metadata.uid),
        generation=metadata.generation or 0,
        spec=spec,
        problem=problem,
        deleted=metadata.deletion_timestamp,
        finalizer=FINALIZER in metadata.finalizers,
    )


def _spec(written: dict[str, Any]) -> tuple[ResearchJobSpec | None, str]:
    try:
        return ResearchJobSpec.model_validate(written), ""
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return None, f"spec.{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def _version(body: dict[str, Any]) -> int:
    # Resource versions of one resource are ordered numbers (KEP-5504, in force since 1.35; true of etcd ever before).
    try:
        return int(body["metadata"]["resourceVersion"])
    except (KeyError, ValueError):
        return 0
