"""What a job needs is checked here before it starts: then a missing key costs nothing, not even the id."""

from __future__ import annotations

from outlast.errors import StateError
from outlast.job.spec import ResearchJobSpec
from outlast.llm.resolve import ModelBook
from outlast.research.setup import check_job
from outlast.settings import Settings
from outlast.sources.folder import corpora
from outlast.sources.registry import Sources


async def check_beforehand(spec: ResearchJobSpec, settings: Settings) -> None:
    """Check models, prices and sources.

    Raises:
        ModelSetupError: a model can't be used, or has no price under a cost budget.
        SourceError: a source is unknown or can't be used.
        StateError: a corpus is damaged.
    """
    models, sources = ModelBook(settings), Sources(settings)
    try:
        check_job(spec, settings, models, sources.check)
    finally:
        sources.close()
        await models.aclose()
    for corpus in corpora(settings.state_dir):
        if corpus.name in spec.sources and corpus.error:
            raise StateError(corpus.error)
