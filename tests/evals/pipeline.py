"""Runs gold cases as durable jobs over a given corpus and judges their reports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from outlast.durable.client import connect
from outlast.durable.jobs import Jobs
from outlast.durable.worker import build_worker
from outlast.errors import SourceError
from outlast.evals import GoldCase, Score, score
from outlast.job.spec import ResearchJobSpec
from outlast.llm.resolve import ModelBook
from outlast.offline.config import OfflineConfig
from outlast.offline.server import OfflineServer
from outlast.research.models import Report
from outlast.settings import Settings
from outlast.sources import factbook
from outlast.sources.corpus import Corpus
from outlast.sources.passage import Passage
from outlast.sources.registry import SearchResult, Sources

JOBS_AT_ONCE = 8
"""Enough to keep two cores busy."""


class OneCorpus(Sources):
    """A process whose one source is the corpus under test.

    Args:
        settings: Of the run.
        corpus: What stands in the Factbook's place.
    """

    def __init__(self, settings: Settings, corpus: Corpus) -> None:
        super().__init__(settings)
        self._corpus = corpus

    def check(self, names: Sequence[str]) -> None:
        """Only the Factbook is there."""
        if list(names) != [factbook.NAME]:
            raise SourceError(f"These runs know {factbook.NAME!r} alone, not {names}.")

    async def search(self, names: Sequence[str], query: str, *, limit: int) -> SearchResult:
        """Ask the corpus under test."""
        self.check(names)
        return SearchResult(await self._corpus.search(query, limit=limit), [])


@dataclass(frozen=True, slots=True)
class Judged:
    """One case, its report, and what the judge says."""

    case: GoldCase
    report: Report
    score: Score

    @property
    def good(self) -> bool:
        """Right, and every citation valid."""
        return self.score.right and self.score.citations_valid


@asynccontextmanager
async def pipeline(folder: Path, address: str, passages: Iterable[Passage], *, queue: str) -> AsyncIterator[Jobs]:
    """A worker over a corpus, with a model server of its own.

    Args:
        folder: For the index.
        address: Of a Temporal server.
        passages: The corpus.
        queue: Task queue, since corpora run side by side on one server.
    """
    index = folder / f"{queue}.db"
    factbook.build_index(passages, index)
    corpus = Corpus.at(index, factbook.NAME)
    async with OfflineServer(OfflineConfig(latency_scale=0)) as models:
        settings = Settings(offline_url=models.url, temporal_address=address, task_queue=queue)
        client = await connect(settings)
        book = ModelBook(settings)
        async with build_worker(client, settings, models=book, sources=OneCorpus(settings, corpus)):
            yield Jobs(client, queue)
        await book.aclose()
    corpus.close()


async def judge(jobs: Jobs, cases: Sequence[GoldCase], *, model: str, prefix: str) -> AsyncIterator[Judged]:
    """Run the cases and judge them, in the order in which they end."""
    free = asyncio.Semaphore(JOBS_AT_ONCE)

    async def one(case: GoldCase) -> Judged:
        async with free:
            job = f"{prefix}-{case.name}"
            await jobs.start(job, ResearchJobSpec(query=case.question, model=model))
            report = (await jobs.result(job)).report
            return Judged(case=case, report=report, score=score(report, case))

    for done in asyncio.as_completed([one(case) for case in cases]):
        yield await done
