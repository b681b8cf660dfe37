"""What a comparison compares, recorded in Temporal under its id: the same id goes on from any machine.

The record is a workflow that does nothing. Its input is the manifest, so the first event of its history is all there is
to know; whoever starts a comparison also runs the worker that closes it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import BaseModel, ConfigDict
from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from outlast.errors import UnreachableError, UsageError
from outlast.job.spec import Budget

WORKFLOW_TYPE = "Comparison"


class Manifest(BaseModel):
    """What a comparison was started with. Field names are durable contracts."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    task: str
    models: tuple[str, ...]
    dataset: str
    """Its text: a file may be gone, or another one, when the comparison goes on."""
    dataset_name: str
    dataset_sha256: str
    """Of its cases, however the text is laid out."""
    repeat: int
    seed: int
    budget: Budget


@workflow.defn(name=WORKFLOW_TYPE)
class ComparisonRecord:
    """Holds a manifest."""

    @workflow.run
    async def run(self, manifest: Manifest) -> None:
        """Nothing to do: the input is the record."""


@asynccontextmanager
async def recorded(client: Client, comparison: str, manifest: Manifest, queue: str) -> AsyncIterator[None]:
    """Record the manifest, unless the id has it, and close the record while the block runs.

    Raises:
        UsageError: the id belongs to something else, or to a comparison of other things.
        UnreachableError: Temporal does not answer.
    """
    try:
        await client.start_workflow(
            WORKFLOW_TYPE,
            manifest,
            id=comparison,
            task_queue=queue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
        )
    except WorkflowAlreadyStartedError:
        before = await read_manifest(client, comparison)
        if before is not None:
            refuse_another(comparison, before, manifest)
    except RPCError as error:
        raise UnreachableError(f"Temporal does not answer on the comparison {comparison!r}: {error.message}.") from None
    async with Worker(
        client, task_queue=queue, workflows=[ComparisonRecord], workflow_runner=UnsandboxedWorkflowRunner()
    ):
        yield


async def read_manifest(client: Client, comparison: str) -> Manifest | None:
    """What a comparison was started with; None when there is none with this id.

    Raises:
        UsageError: the id belongs to something else.
        UnreachableError: Temporal does not answer.
    """
    try:
        async for event in client.get_workflow_handle(comparison).fetch_history_events(page_size=1):
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                begun = event.workflow_execution_started_event_attributes
                if begun.workflow_type.name != WORKFLOW_TYPE:
                    raise UsageError(f"The id {comparison!r} belongs to a {begun.workflow_type.name}, no comparison.")
                (manifest,) = await client.data_converter.decode(list(begun.input.payloads), [Manifest])
                return Manifest.model_validate(manifest)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise UnreachableError(
                f"Temporal does not answer on the comparison {comparison!r}: {error.message}."
            ) from None
    return None


def refuse_another(comparison: str, before: Manifest, now: Manifest) -> None:
    """Refuse to go on with other models, cases or bounds than a comparison was started with.

    Raises:
        UsageError: they differ; the message names the first thing that does.
    """
    compared = (
        ("task", before.task, now.task),
        ("models", ", ".join(before.models), ", ".join(now.models)),
        ("dataset", before.dataset_sha256, now.dataset_sha256),
        ("--repeat", str(before.repeat), str(now.repeat)),
        ("--seed", str(before.seed), str(now.seed)),
        ("budget", _budget(before), _budget(now)),
    )
    for what, then, here in compared:
        if then != here:
            told = (
                f"another {what} than this {now.dataset_name!r}" if what == "dataset" else f"{what} {then}, not {here}"
            )
            raise UsageError(
                f"The comparison {comparison!r} was started with {told}: choose another --id, or give the id alone to "
                "go on with it as it is."
            )


def _budget(manifest: Manifest) -> str:
    given = manifest.budget.model_dump(mode="json", exclude_none=True, by_alias=True)
    return str({name: value for name, value in given.items() if name != "onExceeded"} or "none")
