"""What a research job has so far: everything that a continued workflow needs, and the progress that people see."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from outlast.hosting.progress import progress_word
from outlast.job.spec import ResearchJobSpec
from outlast.research.models import Cut, Evidence, Plan, Report
from outlast.sources.passage import Passage
from outlast.usage.meter import Meter, Usage

WORKFLOW_TYPE = "DeepResearch"


class Stage(StrEnum):
    """Where a job is."""

    PLANNING = "Planning"
    AWAITING_APPROVAL = "AwaitingApproval"
    SEARCHING = "Searching"
    ANALYSING = "Analysing"
    COMPLETE = "Complete"


class Role(StrEnum):
    """The agents of research; the values are their names, durable contracts of recorded histories."""

    PLANNER = "planner"
    SEARCHER = "searcher"
    ANALYST = "analyst"


class SearchOutcome(BaseModel):
    """How one search of the plan ended: with evidence, or cut."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    evidence: Evidence | None = None
    cut: Cut | None = None


class ResearchState(BaseModel):
    """What is recorded so far. Continuing as new hands it on; nothing else is handed on."""

    plan: Plan | None = None
    approved: bool = False
    """Whether the plan passed its review."""
    outcomes: dict[int, SearchOutcome] = {}
    """By position in the plan."""
    passages: dict[str, Passage] = {}
    """Every passage that any tool returned in this job, by id: the only evidence that a report may cite."""
    meter: Meter = Meter()


class ResearchInput(BaseModel):
    """What a research workflow is started with."""

    spec: ResearchJobSpec
    state: ResearchState = ResearchState()
    """Empty at first, handed on when the workflow continues as new."""
    started_at: datetime | None = None
    """When the first run began; None in that run. A deadline counts from there."""


class ResearchResult(BaseModel):
    """What a research workflow ends with."""

    report: Report
    usage: dict[str, Usage]
    """By role."""
    models: dict[str, str] = {}
    """Model by role: a report names what wrote it."""


class SearchState(StrEnum):
    """Where one search of the plan is."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    CUT = "cut"


class SearchProgress(BaseModel):
    """One search of the plan, as progress shows it."""

    query: str
    state: SearchState
    passages: int = 0
    """How many passages bear on its purpose."""


class Progress(BaseModel):
    """What people see of a running job."""

    stage: Stage
    searches: list[SearchProgress] = []
    usage: Usage = Usage()
    waiting_for: str | None = None
    """What a person has to do before it goes on; None when it needs nobody."""

    @property
    def searches_done(self) -> int:
        """Searches that ended, with evidence or without."""
        return sum(search.state in (SearchState.DONE, SearchState.CUT) for search in self.searches)

    @property
    def word(self) -> str:
        """As visibility lists it."""
        return progress_word(self.stage.value, self.searches_done, len(self.searches), self.usage)
