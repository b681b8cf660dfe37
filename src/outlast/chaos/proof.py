"""What a check found, for people and for programs: one ruling an invariant, each with its evidence, and the figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from outlast.chaos.verdict import Verdict, worst

SHOWN = 12
"""Findings of one ruling that the text shows; JSON holds them all."""

_MARKS = {Verdict.TRUE: "ok", Verdict.FALSE: "VIOLATED", Verdict.UNKNOWN: "unknown"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that speaks against an invariant, or that keeps it from being checked."""

    verdict: Verdict
    """False for a violation, unknown for what could not be decided."""
    text: str
    """With times, in a sentence."""
    job: str = ""
    step: str = ""
    """Kind and activity id; empty for what concerns no single step."""
    rows: tuple[int, ...] = ()
    """Ledger rows by `seq`."""

    def __str__(self) -> str:
        where = " ".join(part for part in (self.job, self.step) if part)
        return f"{where}: {self.text}" if where else self.text


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was found on one invariant."""

    name: str
    """Short and stable."""
    title: str
    """The invariant as a sentence."""
    evidence: str
    """What was looked at."""
    findings: tuple[Finding, ...] = ()
    looked_at: int = 1
    """How many things were; none at all leaves the verdict unknown."""

    @property
    def verdict(self) -> Verdict:
        """The worst finding decides."""
        if self.findings:
            return worst(finding.verdict for finding in self.findings)
        return Verdict.TRUE if self.looked_at else Verdict.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How the jobs got through."""

    steps: int = 0
    """Scheduled activities."""
    requests: int = 0
    """Ledger rows that name these jobs."""
    resumptions: int = 0
    """How often another worker took a workflow up."""
    replayed_steps: int = 0
    """Recorded steps that came from history then, instead of being made again."""
    replay_seconds: float = 0.0
    """From taking up to the first decision, all times together: replay, and the work on what was new."""
    retried_attempts: int = 0
    """Attempts beyond the first of each step, whether they sent anything or not."""
    silent_attempts: int = 0
    """Attempts that were given up before they sent anything."""
    resent_requests: int = 0
    """Requests that a later attempt made again."""
    resent_by_cause: Mapping[str, int] = field(default_factory=dict)
    recorded_requests: int = 0
    """Model responses in the histories: what the jobs count as used."""
    lost_requests: int = 0
    """Model requests answered in full whose answers were never recorded: paid for all the same."""
    broken_requests: int = 0
    """Model requests billed by the ledger whose answers broke on the way, by fault."""
    recorded_cost_usd: Decimal = Decimal(0)
    lost_cost_usd: Decimal = Decimal(0)
    broken_cost_usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome of a check."""

    jobs: tuple[str, ...]
    rulings: tuple[Ruling, ...]
    figures: Figures

    @property
    def verdict(self) -> Verdict:
        """Clean only when every invariant was checked and holds."""
        return worst(ruling.verdict for ruling in self.rulings)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        figures = asdict(self.figures)
        return {
            "jobs": list(self.jobs),
            "verdict": self.verdict.value,
            "invariants": [
                {
                    "name": ruling.name,
                    "title": ruling.title,
                    "verdict": ruling.verdict.value,
                    "evidence": ruling.evidence,
                    "findings": [
                        {**asdict(finding), "verdict": finding.verdict.value, "rows": list(finding.rows)}
                        for finding in ruling.findings
                    ],
                }
                for ruling in self.rulings
            ],
            "figures": {
                name: str(value) if isinstance(value, Decimal) else dict(value) if isinstance(value, Mapping) else value
                for name, value in figures.items()
            },
        }

    def as_text(self) -> str:
        """For people."""
        width = max(len(ruling.title) for ruling in self.rulings)
        lines = [f"proof of {', '.join(self.jobs) or 'nothing'}: {_MARKS[self.verdict]}", ""]
        for ruling in self.rulings:
            lines.append(f"{_MARKS[ruling.verdict]:>8}  {ruling.title:<{width}}  {ruling.evidence}")
            lines += [f"{'':>10}{_MARKS[f.verdict]}: {f}" for f in ruling.findings[:SHOWN]]
            if len(ruling.findings) > SHOWN:
                lines.append(f"{'':>10}and {len(ruling.findings) - SHOWN} more; --json has them all")
        return "\n".join([*lines, "", *_figure_lines(self.figures)])


def counted(number: int, what: str) -> str:
    """A number with its noun."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _figure_lines(figures: Figures) -> list[str]:
    lines = [f"{counted(figures.steps, 'step')}, {counted(figures.requests, 'request')}"]
    if figures.resumptions:
        lines.append(
            f"taken up by another worker {counted(figures.resumptions, 'time')}: "
            f"{counted(figures.replayed_steps, 'recorded step')} replayed in {1e3 * figures.replay_seconds:.0f} ms"
        )
    if figures.retried_attempts:
        lines.append(
            f"{counted(figures.retried_attempts, 'attempt')} repeated, {figures.silent_attempts} of the earlier ones "
            "had sent nothing"
        )
    lines.append(f"{counted(figures.resent_requests, 'request')} sent again" + (":" if figures.resent_by_cause else ""))
    lines += [f"{count:>8,}  {cause}" for cause, count in figures.resent_by_cause.items()]
    lines.append(f"{counted(figures.recorded_requests, 'model request')} recorded, ${figures.recorded_cost_usd:f}")
    for number, cost, what in (
        (figures.lost_requests, figures.lost_cost_usd, "answered, and the answer lost"),
        (figures.broken_requests, figures.broken_cost_usd, "billed for an answer that broke on the way"),
    ):
        if number:
            lines.append(f"{counted(number, 'model request')} {what}, ${cost:f}")
    return lines
