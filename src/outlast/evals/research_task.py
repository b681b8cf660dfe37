"""Deep research as a task: a question is a research job, and its report is judged against gold and against history."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic_evals import Dataset
from pydantic_evals.evaluators import EvaluationReason, Evaluator, EvaluatorContext

from outlast.chaos.history import job_record
from outlast.durable.jobs import Jobs
from outlast.durable.summaries import describe_job
from outlast.errors import JobFailedError, UsageError
from outlast.evals import altered
from outlast.evals.case import Expected, GoldCase, Kind
from outlast.evals.histories import fetch, returned_passages
from outlast.evals.inventions import told
from outlast.evals.measure import measure
from outlast.evals.score import score
from outlast.evals.task import HONESTY, SUCCESS, AnyCase, Bench, Outcome, budget_verdict
from outlast.job.spec import Budget, Name, ResearchJobSpec
from outlast.llm.resolve import ModelBook
from outlast.research.models import CutReason, Report
from outlast.research.setup import check_job
from outlast.settings import Settings
from outlast.sources.factbook import NAME as FACTBOOK
from outlast.sources.registry import Sources

ANSWERABLE, UNANSWERABLE, TWIN = "answerable", "unanswerable", "twin"


class Question(BaseModel):
    """What a case asks."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
    sources: Annotated[tuple[Name, ...], Field(min_length=1)] = (FACTBOOK,)
    """Where to search."""
    altered: Annotated[int, Field(ge=0)] | None = None
    """Seed of a copy of the Factbook whose figures changed places, which is searched instead: who answers from memory
    fails this twin of the question."""
    max_searches: Annotated[int, Field(ge=1, le=50)] = 16


class Gold(Expected):
    """What the answer must hold."""

    kind: Kind
    """What the question asks for, which decides how its answer is judged."""
    evidence: tuple[str, ...] = ()
    """Words that titles of found passages must hold, such as the places that the answer rests on."""


class ResearchOutcome(Outcome):
    """How a research job ended."""

    report: Report | None = None
    returned: Mapping[str, str] = {}
    """Every passage that a recorded search returned: title by hash of the text."""


@dataclass(repr=False)
class ResearchVerdicts(Evaluator[Question, ResearchOutcome, Any]):
    """Judges a report: the answer against gold, and all that it claims against what recorded searches returned.

    A quote that is not quite the passage's is a slip as long as another citation carries the claim.
    """

    def evaluate(self, ctx: EvaluatorContext[Question, ResearchOutcome, Any]) -> dict[str, EvaluationReason | float]:
        """Every verdict on one run."""
        outcome: ResearchOutcome = ctx.output
        gold: Gold = ctx.expected_output  # type: ignore[assignment]  # a dataset has the type of its outputs here
        found = list(inventions(outcome))
        verdicts: dict[str, EvaluationReason | float] = {
            SUCCESS: _success(gold, outcome, ctx, invented=bool(found)),
            HONESTY: EvaluationReason(not found, told(found) or "Recorded searches bear out all that it claims."),
            **budget_verdict(outcome),
        }
        if outcome.report is not None and outcome.report.claims:
            fault = score(outcome.report, _case(gold, ctx)).citations_valid
            verdicts["citations"] = EvaluationReason(fault, "" if fault else "A citation does not hold.")
        if gold.evidence:
            titles = " ".join(outcome.returned.values())
            verdicts["evidence found"] = sum(word in titles for word in gold.evidence) / len(gold.evidence)
        return verdicts


class ResearchTask:
    """Deep research."""

    name = "deep-research"
    steps = "searches"
    aspects = (ANSWERABLE, UNANSWERABLE, TWIN)
    dataset_type: type[Dataset[Any, Any, Any]] = Dataset[Question, Gold, dict[str, Any]]
    evaluators = (ResearchVerdicts(),)
    shipped = "factbook.yaml"

    def aspect(self, case: AnyCase) -> str:
        """Whether the data answer it, and over which data."""
        if case.inputs.altered is not None:
            return TWIN
        gold: Gold = case.expected_output  # type: ignore[assignment]  # `read_dataset` refuses cases without one
        return UNANSWERABLE if gold.kind is Kind.UNANSWERABLE else ANSWERABLE

    def spec(self, inputs: Question, model: str, budget: Budget, seed: int) -> ResearchJobSpec:
        """The job that puts a question to a model, in every role."""
        sources = list(inputs.sources) if inputs.altered is None else [altered.source_name(inputs.altered)]
        return ResearchJobSpec(
            query=inputs.question, model=model, sources=sources, max_searches=inputs.max_searches, budget=budget
        )

    async def check(self, specs: Sequence[ResearchJobSpec], settings: Settings) -> None:
        """Check models, prices and sources, each once."""
        models, sources = ModelBook(settings), Sources(settings)
        try:
            for spec in {(spec.model, *spec.sources): spec for spec in specs}.values():
                known = [name for name in spec.sources if not altered.is_altered(name)]  # made by `prepare`
                check_job(spec.model_copy(update={"sources": known}), settings, models, sources.check)
        finally:
            sources.close()
            await models.aclose()

    async def prepare(self, cases: Sequence[AnyCase], settings: Settings, *, here: bool) -> None:
        """Build the altered copies that twins are asked over."""
        seeds = sorted({case.inputs.altered for case in cases} - {None})
        if seeds and not here:
            raise UsageError(
                "The dataset asks over an altered copy of the Factbook, which workers elsewhere don't have: work on "
                "the runs in this process with --worker, or leave out the cases with `altered`."
            )
        for seed in seeds:
            await asyncio.to_thread(altered.build, seed, settings.state_dir)

    async def start(self, bench: Bench, job: str, spec: ResearchJobSpec) -> bool:
        """Start it, unless it is there."""
        return await Jobs(bench.client, bench.task_queue).start(job, spec)

    async def outcome(self, bench: Bench, job: str, spec: ResearchJobSpec) -> ResearchOutcome:
        """Its report, or why there is none, and what history says of it."""
        report, failure = None, ""
        try:
            report = (await Jobs(bench.client, bench.task_queue).result(job)).report
        except JobFailedError as error:
            failure = str(error)
        histories = await fetch(bench.client, job)
        record = await job_record(bench.client.data_converter, job, histories)
        summary = await describe_job(bench.client, job)
        return ResearchOutcome(
            job=job,
            answer=report.answer if report else "",
            failure=failure,
            measures=measure(record, summary.ended),
            budget=spec.budget,
            report=report,
            returned=await returned_passages(bench.client, histories),
        )


def inventions(outcome: ResearchOutcome) -> Iterator[str]:
    """What a report, or the draft that it was made of, claims without any recorded step to support it, in sentences."""
    report = outcome.report
    if report is None:
        return
    made = f"{outcome.measures.steps} recorded {'search' if outcome.measures.steps == 1 else 'searches'}"
    faults: list[str] = []  # of the claim that is being cut: they stand right before it
    for cut in report.cut:
        if cut.reason is CutReason.UNSUPPORTED:
            yield f"It states {cut.subject!r}, but {faults[-1] if faults else cut.detail}; it made {made}."
            faults.clear()
        elif cut.reason in (CutReason.UNKNOWN_PASSAGE, CutReason.QUOTE_NOT_FOUND):
            faults.append(cut.detail)
    if any(cut.reason is CutReason.UNKNOWN_PASSAGE for cut in report.cut) and faults:
        yield f"It cites what it never saw: {faults[-1]}; it made {made}."
    for claim in report.claims:
        for citation in claim.citations:
            if citation.sha256 not in outcome.returned:
                yield f"It states {claim.text!r} on {citation.passage_id!r}, which none of its {made} returned."
    if report.answer and not report.claims:
        yield f"It answers {report.answer!r} without a single claim that anything supports."


def _success(
    gold: Gold, outcome: ResearchOutcome, ctx: EvaluatorContext[Question, ResearchOutcome, Any], *, invented: bool
) -> EvaluationReason:
    if outcome.report is None:
        return EvaluationReason(False, outcome.failure)
    judged = score(outcome.report, _case(gold, ctx))
    if judged.right and gold.kind is Kind.UNANSWERABLE and invented:
        # The report abstains, but only since the check of citations took the answer out: the model answered.
        return EvaluationReason(False, "It answered what nothing answers; only the check kept that out of the report.")
    return EvaluationReason(judged.right, judged.reason)


def _case(gold: Gold, ctx: EvaluatorContext[Question, ResearchOutcome, Any]) -> GoldCase:
    return GoldCase(
        name=ctx.name or "",
        question=ctx.inputs.question,
        kind=gold.kind,
        expected=gold,
        places=gold.evidence,
        unanswerable=gold.kind is Kind.UNANSWERABLE,
    )
