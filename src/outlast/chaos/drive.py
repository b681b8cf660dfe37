"""Carries a plan out on a target: undisturbed twins first, then every job with its strikes, within the bounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from outlast.chaos.campaign import Ran, Together, run_jobs
from outlast.chaos.lab.script import comparable, digests, run_script
from outlast.chaos.lab.stage import Stage
from outlast.chaos.plan import ChaosPlan
from outlast.chaos.schedule import Strike, by_job
from outlast.chaos.state import CampaignState
from outlast.chaos.target import Target
from outlast.errors import OutlastError, UsageError
from outlast.job.spec import ResearchJobSpec

Tell = Callable[[str], None]


class TwinError(OutlastError):
    """An undisturbed job did not come through, so nothing can be compared with it."""


async def drive(
    target: Target, plan: ChaosPlan, specs: Sequence[ResearchJobSpec], state: CampaignState, tell: Tell
) -> None:
    """Carry a plan out, or what is left of it.

    Args:
        target: What carries out the jobs, and is struck.
        plan: The plan.
        specs: The jobs that it names.
        state: What was done before; outcomes are added to it.
        tell: Told a line for each job.

    Raises:
        UsageError: the plan strikes what this target can't.
        TwinError: an undisturbed job came to no report, or its proof is not clean.
    """
    jobs = planned(plan, specs, state.run)
    refuse(target, jobs)
    began = time.monotonic()
    await target.ready()
    for number, spec in enumerate(specs):
        if number not in state.twins():
            twin = Together(f"{plan.metadata.name}-{state.run}-twin-{number}", number, spec)
            (ran,) = await run_jobs(target, [twin], skew=plan.spec.skew_seconds)
            if not ran.clean:
                raise TwinError(
                    f"The undisturbed job {ran.job} is not clean: {ran.outcome.failure}\n{ran.outcome.text}"
                )
            state.add(ran.outcome)
            tell(f"{ran.job} undisturbed: {ran.outcome.seconds:.1f} s")
    done, twins = state.done(), state.twins()

    def ended(ran: Ran) -> None:
        state.add(ran.outcome)
        tell(line(ran))

    def go_on() -> bool:
        bounds = plan.spec.bounds
        return state.kills < bounds.kills and time.monotonic() - began < bounds.seconds

    await run_jobs(
        target,
        [job for job in jobs if job.place not in done],
        expected=lambda number: twins[number].sha256,
        parallel=plan.spec.parallel,
        skew=plan.spec.skew_seconds,
        tell=ended,
        go_on=go_on,
    )


async def drive_plain(
    stage: Stage, plan: ChaosPlan, specs: Sequence[ResearchJobSpec], state: CampaignState, tell: Tell
) -> None:
    """Put the same jobs through the same kills as plain scripts; what is no kill of a worker means nothing to them."""
    requests = {number: digests(stage.rows(twin.workflow)) for number, twin in state.twins().items()}
    done = {one.place for one in state.plain}
    twins = {one.number for one in state.plain if one.place is None}
    alone = [Together("", number, spec) for number, spec in enumerate(specs) if number not in twins]
    ran = state.done()
    jobs = [job for job in planned(plan, specs, state.run) if job.place in ran and job.place not in done]
    for job in [*alone, *jobs]:
        strikes = [strike for strike in job.strikes if comparable(strike)]
        outcome = await run_script(stage, job.spec, strikes, requests[job.number], number=job.number, place=job.place)
        state.add_plain(outcome)
        tell(f"plain script: {outcome.seconds:.1f} s, started anew {outcome.restarts} times")


def planned(plan: ChaosPlan, specs: Sequence[ResearchJobSpec], run: str = "") -> list[Together]:
    """The jobs of a plan with their strikes; pure, and the same for the same seed but for their names."""
    packed = by_job(plan.spec.strikes_drawn(), plan.spec.strikes_per_job)
    infix = f"-{run}" if run else ""
    return [
        Together(
            f"{plan.metadata.name}{infix}-{place:03}", place % len(specs), specs[place % len(specs)], strikes, place
        )
        for place, strikes in enumerate(packed)
    ]


def refuse(target: Target, jobs: Sequence[Together]) -> None:
    """Refuse a plan before anything of it is done.

    Raises:
        UsageError: a strike can't be made on this target.
    """
    strikes: list[Strike] = [strike for job in jobs for strike in job.strikes]
    problems = dict.fromkeys(refusal for strike in strikes if (refusal := target.refusal(strike)))
    if problems:
        raise UsageError("The plan can't be carried out here:\n" + "\n".join(f"  {problem}" for problem in problems))


def line(ran: Ran) -> str:
    """One job for people who watch."""
    struck = ", ".join(f"{one.aim}{'' if one.hit else ' (missed)'}" for one in ran.struck)
    said = "clean" if ran.clean else f"NOT CLEAN ({ran.outcome.verdict})"
    failure = f"; {ran.outcome.failure}" if ran.outcome.failure else ""
    return f"{ran.job} {ran.outcome.seconds:.1f} s, {said}: {struck}{failure}"
