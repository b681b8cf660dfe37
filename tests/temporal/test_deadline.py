"""`activeDeadlineSeconds` bounds the time that a job is active: suspension does not count."""

import asyncio

import pytest

from outlast.errors import JobFailedError
from outlast.job.spec import ResearchJobSpec

from .lab import Lab


async def test_a_job_over_its_deadline_fails_with_a_sentence(lab: Lab) -> None:
    jobs = await lab.jobs()
    spec = ResearchJobSpec.model_validate({"query": "Q?", "approval": {"plan": "Required"}, "activeDeadlineSeconds": 1})
    async with lab.worker(jobs.client):
        await jobs.start("late", spec)
        with pytest.raises(JobFailedError, match="activeDeadlineSeconds, 1"):
            await jobs.result("late")


async def test_suspension_does_not_count(lab: Lab) -> None:
    jobs = await lab.jobs()
    spec = ResearchJobSpec.model_validate({"query": "Q?", "suspend": True, "activeDeadlineSeconds": 2})
    async with lab.worker(jobs.client):
        await jobs.start("suspended", spec)
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(30):
            while asyncio.get_running_loop().time() < began + 2.5:  # longer than the deadline, by the clock it bounds
                await jobs.progress("suspended")
                await asyncio.sleep(0.1)
        await jobs.suspend("suspended", False)
        assert (await jobs.result("suspended")).report.query == "Q?"
