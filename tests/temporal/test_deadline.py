"""`activeDeadlineSeconds` bounds the time that a job is active: suspension does not count."""

import time

import pytest

from outlast.errors import JobFailedError
from outlast.job.spec import ResearchJobSpec

from .lab import TICK_SECONDS, Lab, deadlines, history, until


async def test_a_job_over_its_deadline_fails_with_a_sentence(lab: Lab) -> None:
    jobs = await lab.jobs()
    spec = ResearchJobSpec.model_validate({"query": "Q?", "approval": {"plan": "Required"}, "activeDeadlineSeconds": 1})
    async with lab.worker(jobs.client):
        await jobs.start("late", spec)
        with pytest.raises(JobFailedError, match="activeDeadlineSeconds, 1"):
            await jobs.result("late")


async def test_suspension_does_not_count(lab: Lab) -> None:
    jobs = await lab.jobs()
    spec = ResearchJobSpec.model_validate({"query": "Q?", "suspend": True, "activeDeadlineSeconds": 300})
    async with lab.worker(jobs.client):
        await jobs.start("suspended", spec)
        await jobs.progress("suspended")
        looked_at = time.time()
        await until(lambda: time.time() > looked_at + 1)
        resumed = time.time()
        await jobs.suspend("suspended", False)
        assert (await jobs.result("suspended")).report.query == "Q?"
        events = await history(jobs.client, "suspended")
    began, woken = (e.event_time.ToMicroseconds() / 1e6 for e in (events[0], events[2]))
    (due,) = deadlines(events)
    # All of it is left but the moment before the job was first looked at, and that moment was not active either.
    assert due >= resumed + 300 - (woken - began) - TICK_SECONDS
