"""What a job needs is there: checked before its first step, so that a missing key costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from outlast.job.spec import ResearchJobSpec
from outlast.llm.resolve import ModelBook
from outlast.research.state import Role
from outlast.settings import Settings


def models_of(spec: ResearchJobSpec, settings: Settings) -> dict[Role, str]:
    """Which model each role uses: the job's word first, then this process's settings."""
    chosen = {Role.PLANNER: spec.models.planner, Role.SEARCHER: spec.models.searcher, Role.ANALYST: spec.models.analyst}
    return {role: name or spec.model or settings.model_for(role.value) for role, name in chosen.items()}


def check_job(
    spec: ResearchJobSpec, settings: Settings, models: ModelBook, check_sources: Callable[[Sequence[str]], None]
) -> dict[Role, str]:
    """Check models, prices and sources.

    Returns:
        The model of each role.

    Raises:
        ModelSetupError: a model can't be used, or has no price under a cost budget.
        SourceError: a source is unknown or can't be used.
    """
    chosen = models_of(spec, settings)
    for name in dict.fromkeys(chosen.values()):
        models.check(name, needs_price=spec.budget.max_cost_usd is not None)
    check_sources(spec.sources)
    return chosen
