"""A job ends on the build that it began on; new jobs go to the current one."""

from __future__ import annotations

from contextlib import AsyncExitStack

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from outlast.job.spec import ResearchJobSpec

from .lab import Lab, finish, history, job_id, until
from .test_codec import awaits_approval


async def test_a_job_ends_on_the_build_that_it_began_on(lab: Lab) -> None:
    name = job_id()
    builds = {build: {"build_id": build, "deployment": f"outlast-{lab.queue}"} for build in ("one", "two")}
    async with AsyncExitStack() as stack:
        jobs = await stack.enter_async_context(lab.running(**builds["one"], identity="first"))
        await until(lambda: made_current(jobs.client, f"outlast-{lab.queue}", "one"))
        await jobs.start(name, ResearchJobSpec.model_validate({"query": "areas", "approval": {"plan": "Required"}}))
        await until(lambda: awaits_approval(jobs, name))

        await stack.enter_async_context(lab.running(**builds["two"], identity="second"))
        await until(lambda: made_current(jobs.client, f"outlast-{lab.queue}", "two"))
        await jobs.approve(name)
        await jobs.result(name)
        later = job_id()
        await jobs.start(later, ResearchJobSpec(query="areas"))
        await jobs.result(later)

        assert await build_of(jobs.client, name) == "one"
        assert await build_of(jobs.client, later) == "two"
        assert await workers_of(jobs.client, name) == {"first"}
        assert await workers_of(jobs.client, later) == {"second"}


async def test_a_worker_without_a_build_takes_part_in_no_versioning(lab: Lab) -> None:
    async with lab.running() as jobs:
        await finish(jobs)


async def made_current(client: Client, deployment: str, build: str) -> bool:
    """Have new jobs go to a build; false as long as no worker of it polled."""
    request = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace, deployment_name=deployment, build_id=build, identity="test"
    )
    try:
        await client.workflow_service.set_worker_deployment_current_version(request)
    except RPCError:
        return False
    return True


async def build_of(client: Client, name: str) -> str:
    described = await client.workflow_service.describe_workflow_execution(
        DescribeWorkflowExecutionRequest(namespace=client.namespace, execution=WorkflowExecution(workflow_id=name))
    )
    return described.workflow_execution_info.versioning_info.deployment_version.build_id


async def workers_of(client: Client, name: str) -> set[str]:
    """Who signed the tasks and steps of a job."""
    attributes = [
        attributes
        for event in await history(client, name)
        for attributes in (
            event.workflow_task_completed_event_attributes,
            event.activity_task_started_event_attributes,
        )
    ]
    return {one.identity for one in attributes if one.identity}
