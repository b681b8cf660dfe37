"""Reports to render: one as it should be, one whose every text is hostile."""

from __future__ import annotations

from decimal import Decimal

from outlast.render.document import ReportDocument
from outlast.research.models import (
    Claim,
    Comparison,
    Confidence,
    Cut,
    CutReason,
    PlannedSearch,
    Report,
    ResolvedCitation,
)
from outlast.research.state import ResearchResult
from outlast.sources.passage import Passage
from outlast.usage.meter import Usage

HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> [click](javascript:alert(1)) ![x](http://evil.example/x) "
    "\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07link\x1b]8;;\x07 \u202egnp.exe\u202c | `code` "
    "http://evil.example </style></title></textarea><!-- --> &lt; \x9b31m # heading"
)
"""One text that tries every renderer."""


def citation(passage: Passage, quote: str) -> ResolvedCitation:
    """A citation that holds."""
    return ResolvedCitation(
        passage_id=passage.id,
        quote=quote,
        title=passage.title,
        location=passage.location,
        sha256=passage.sha256,
    )


def good() -> ReportDocument:
    """A report with everything in it."""
    area = Passage.of(
        id="factbook:x/area",
        source="factbook",
        title="X: Area",
        text="total: 5 sq km\nland: 4 sq km; water: 1 sq km",
        location="factbook/x/area",
    )
    web = Passage.of(
        id="web:1", source="web", title="About X", text="X is small.", location="https://example.org/x?a=1&b=2"
    )
    report = Report(
        query="How large is X?",
        answer="5 sq km",
        summary="X has 5 sq km.\nMost of it is land.",
        claims=[
            Claim(text="X has 5 sq km.", citations=[citation(area, "total: 5  sq km"), citation(web, "X is small")]),
            Claim(
                text="Its land has 4.", citations=[citation(area, "5 sq km land: 4"), citation(area, "total: 5  sq km")]
            ),
        ],
        comparison=Comparison(columns=["Part", "sq km"], rows=[["land", "4"], ["water", "1"], ["more"]]),
        trade_offs=["Small, but dry."],
        open_questions=["Is it growing?"],
        confidence=Confidence.HIGH,
        plan_summary="Look it up.",
        searches=[PlannedSearch(query="X area", purpose="its size")],
        passages=[area, web],
        cut=[Cut(reason=CutReason.QUOTE_NOT_FOUND, subject="X has 6", detail="these words are not there")],
    )
    usage = {
        "planner": Usage(requests=1, input_tokens=100, output_tokens=20, cost_usd=Decimal("0.00045")),
        "analyst": Usage(
            requests=2, input_tokens=3000, output_tokens=400, cost_usd=Decimal("1.5"), unpriced_requests=1
        ),
    }
    models = {"planner": "offline:large", "analyst": "openai:gpt-5"}
    return ReportDocument("job-1", ResearchResult(report=report, usage=usage, models=models))


def hostile() -> ReportDocument:
    """The same with a hostile text wherever foreign text can stand."""
    passage = Passage.of(
        id="web:1",
        source="web",
        title=HOSTILE,
        text=f"before {HOSTILE} after",
        location="javascript:alert(document.domain)",
    )
    report = Report(
        query=HOSTILE,
        answer=HOSTILE,
        summary=HOSTILE,
        claims=[Claim(text=HOSTILE, citations=[citation(passage, HOSTILE)])],
        comparison=Comparison(columns=[HOSTILE[:400], HOSTILE[:400]], rows=[[HOSTILE, HOSTILE]]),
        trade_offs=[HOSTILE],
        open_questions=[HOSTILE],
        confidence=Confidence.LOW,
        plan_summary=HOSTILE,
        searches=[PlannedSearch(query=HOSTILE[:400], purpose=HOSTILE[:400])],
        passages=[passage],
        cut=[Cut(reason=CutReason.UNSUPPORTED, subject=HOSTILE, detail=HOSTILE)],
    )
    models = {"analyst": HOSTILE}
    return ReportDocument("job-1", ResearchResult(report=report, usage={"analyst": Usage(requests=1)}, models=models))
