"""The plan of a campaign, as people write it: what is struck, how, when and how often. Nothing here acts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from outlast.chaos.schedule import WHOLE_JOB, Combination, Manner, Moment, Stop, Strike, Victim, schedule
from outlast.errors import UsageError
from outlast.job.manifest import read_job
from outlast.job.spec import API_VERSION, Name, ResearchJobSpec, Resource

KIND = "ChaosPlan"

QUESTION = "Which of Portugal's neighbours has the largest population?"
"""Scouts, searches and analyses in a handful of steps."""

Share = Annotated[float, Field(ge=0, le=1)]

STEPS = tuple(stop.name.lower() for stop in Stop)
"""What a plan calls the kinds of steps."""

POSSIBLE: dict[Victim, frozenset[Manner]] = {
    Victim.WORKER: frozenset({Manner.KILL, Manner.DELETE, Manner.STALL, Manner.CUT}),
    Victim.TEMPORAL: frozenset({Manner.KILL, Manner.DELETE, Manner.STALL}),
    Victim.MODEL: frozenset({Manner.KILL, Manner.DELETE, Manner.STALL, Manner.STORM}),
    Victim.EVERYTHING: frozenset({Manner.KILL}),
    Victim.OPERATOR: frozenset({Manner.KILL, Manner.DELETE}),
    Victim.DATABASE: frozenset({Manner.KILL, Manner.DELETE}),
}
"""What can be done to whom."""


class PlanError(UsageError):
    """A plan that does not validate; the message names each field."""


class When(Resource):
    """The moments of a fault."""

    moments: Annotated[tuple[Moment, ...], Field(min_length=1)] = (Moment.IN_FLIGHT,)
    """Where the step, or the job, is."""
    steps: Annotated[tuple[str, ...], Field(min_length=1)] = STEPS
    """Kinds of steps: planner, scout, searcher, search, analyst; all by default. Moments of the job have none."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        for step in self.steps:
            if step not in STEPS:
                raise ValueError(f"no step is called {step!r}; there are {', '.join(STEPS)}")
        return self


class Fault(Resource):
    """Whom it meets, how, and when. Lists are combined: each of these with each of those."""

    what: Annotated[tuple[Victim, ...], Field(min_length=1)]
    """Who is struck."""
    how: Manner = Manner.KILL
    """How."""
    when: When = When()
    """When."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for victim in self.what:
            if self.how not in POSSIBLE[victim]:
                able = ", ".join(sorted(POSSIBLE[victim]))
                raise ValueError(f"{self.how} of {victim} is not possible; possible is {able}")
        return self

    def combinations(self) -> Iterator[Combination]:
        """Every single fault of it."""
        stops = [stop for stop in Stop if stop.name.lower() in self.when.steps]
        for victim, moment in product(self.what, self.when.moments):
            for stop in stops[:1] if moment in WHOLE_JOB else stops:
                yield victim, self.how, moment, stop


class Bounds(Resource):
    """What a campaign stops at, whatever is left of its plan."""

    kills: Annotated[int, Field(gt=0, le=100_000)] = 200
    """Processes or pods that are killed at the most."""
    seconds: Annotated[int, Field(gt=0, le=7 * 86_400)] = 1_800
    """Seconds after which no further job is begun."""


class Shares(Resource):
    """Shares of the strikes that kill workers."""

    untold: Share = 0.1
    """Of which nobody is told; missed heartbeats have to do. On a cluster the operator always tells."""
    again: Share = 0.1
    """That strike the next attempt too."""


class PlannedJob(Resource):
    """One job that is submitted again and again."""

    manifest: str | None = None
    """File of a ResearchJob, relative to the plan."""
    spec: ResearchJobSpec | None = None
    """The spec of one, in place of a file."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.manifest is None) == (self.spec is None):
            raise ValueError("give either `manifest` or `spec`")
        return self


class PlanSpec(Resource):
    """The campaign."""

    seed: Annotated[int, Field(ge=0)] = 0
    """The same seed aims the same."""
    strikes: Annotated[int, Field(gt=0, le=100_000)] = 20
    """How many blows are aimed."""
    strikes_per_job: Annotated[int, Field(gt=0, le=7)] = 3
    """How many one job meets at the most."""
    parallel: Annotated[int, Field(gt=0, le=64)] = 1
    """Jobs at a time; more than one on a cluster alone."""
    skew_seconds: Annotated[float, Field(ge=0, le=60)] = 0.0
    """How far clocks of the model server and of Temporal may be apart; none on one machine, some on several nodes."""
    bounds: Bounds = Bounds()
    """When it stops."""
    shares: Shares = Shares()
    """Of some strikes among all."""
    jobs: Annotated[tuple[PlannedJob, ...], Field(min_length=1)] = (PlannedJob(spec=ResearchJobSpec(query=QUESTION)),)
    """What is submitted, in turn. Each one runs undisturbed first, for its report and its time."""
    faults: Annotated[tuple[Fault, ...], Field(min_length=1)] = (
        Fault(what=(Victim.WORKER, Victim.TEMPORAL, Victim.MODEL, Victim.EVERYTHING)),
    )
    """What may happen. Every combination happens once before any happens twice."""

    def combinations(self) -> tuple[Combination, ...]:
        """Every single fault, each once."""
        return tuple(dict.fromkeys(one for fault in self.faults for one in fault.combinations()))

    def strikes_drawn(self) -> list[Strike]:
        """The schedule."""
        return schedule(
            self.seed, self.strikes, self.combinations(), untold=self.shares.untold, again=self.shares.again
        )


class PlanMetadata(Resource):
    """Name of the plan."""

    name: Name
    """Begins the names of its jobs."""


class ChaosPlan(Resource):
    """A plan."""

    api_version: Literal["outlast.dev/v1alpha1"]
    kind: Literal["ChaosPlan"]
    metadata: PlanMetadata
    spec: PlanSpec = PlanSpec()


def read_plan(path: Path) -> tuple[ChaosPlan, list[ResearchJobSpec]]:
    """Read a plan and the jobs that it names.

    Raises:
        PlanError: the file can't be read, is no YAML, or is no valid plan.
        ManifestError: a manifest that it names is not valid.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(f"The plan {path} can't be read: {error.strerror}.") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise PlanError(f"The plan {path} is no valid YAML: {error}") from None
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise PlanError(f"The plan {path} is no {KIND}: begin it with `apiVersion: {API_VERSION}`, `kind: {KIND}`.")
    try:
        plan = ChaosPlan.model_validate(document)
    except ValidationError as error:
        lines = [
            f"  {'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}; found {problem['input']!r:.80}."
            for problem in error.errors(include_url=False)
        ]
        raise PlanError(f"The plan {path} is not valid:\n" + "\n".join(lines)) from None
    jobs = [job.spec or read_job(path.parent / (job.manifest or "")).spec for job in plan.spec.jobs]
    return plan, jobs
