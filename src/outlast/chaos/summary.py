"""The figures of a campaign: verdict, counts, how soon jobs went on, what deaths cost in time and money. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from outlast.chaos.outcome import Outcome, Paid, PlainOutcome, Struck
from outlast.chaos.proof import counted
from outlast.chaos.verdict import Verdict, worst

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Spread:
    """How a number of measurements spread, in seconds."""

    kind: str
    count: int
    p50: float
    p95: float
    most: float
    values: tuple[float, ...]

    @classmethod
    def of(cls, kind: str, values: Iterable[float]) -> Spread:
        """By nearest rank: every figure is one that was measured."""
        ordered = sorted(values)

        def rank(share: float) -> float:
            return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

        return cls(kind, len(ordered), rank(0.5), rank(0.95), ordered[-1], tuple(ordered))


@dataclass(frozen=True, slots=True)
class Loss:
    """What the same blows cost one way of running jobs, all jobs together."""

    jobs: int
    seconds: float
    """Beyond undisturbed twins."""
    undisturbed_seconds: float
    tokens: int
    undisturbed_tokens: int
    micro_usd: int
    undisturbed_micro_usd: int
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """A campaign in figures."""

    name: str
    seed: int
    verdict: Verdict
    jobs: int
    clean: int
    aimed: int
    hit: int
    kills: int
    invariants: dict[str, Verdict]
    went_on: tuple[Spread, ...]
    """From a blow to the next record of the job, by kind of blow."""
    elsewhere: tuple[Spread, ...]
    """From the kill of a worker in mid-step to the step's next request elsewhere."""
    figures: dict[str, int]
    resent_by_cause: dict[str, int]
    recorded_cost_usd: Decimal
    lost_cost_usd: Decimal
    durable: Loss | None
    """None without a job that ran."""
    comparable: Loss | None
    """The durable jobs that a plain script was compared with."""
    plain: Loss | None
    violations: tuple[str, ...] = ()
    """What is wrong with the campaign as a whole, in sentences."""

    @property
    def bound(self) -> float:
        """What share of blows may still lose something, at 95%, when none of those made did."""
        return 1 - (1 - CONFIDENCE) ** (1 / self.hit) if self.hit else 1.0

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        told = asdict(self)
        for spread in (*told["went_on"], *told["elsewhere"]):
            spread["values"] = [round(value, 4) for value in spread["values"]]
        return {
            **told,
            "verdict": self.verdict.value,
            "invariants": {name: verdict.value for name, verdict in self.invariants.items()},
            "recorded_cost_usd": str(self.recorded_cost_usd),
            "lost_cost_usd": str(self.lost_cost_usd),
            "bound_95": round(self.bound, 6),
        }

    def as_text(self) -> str:
        """For people."""
        return "\n".join(_lines(self))


SUMMED = (
    "steps",
    "requests",
    "resumptions",
    "replayed_steps",
    "retried_attempts",
    "resent_requests",
    "recorded_requests",
    "lost_requests",
)
"""Figures of proofs that add up over jobs."""


def summarize(
    name: str,
    seed: int,
    outcomes: Sequence[Outcome],
    plain: Sequence[PlainOutcome] = (),
    violations: Sequence[str] = (),
) -> Summary:
    """Add a campaign up."""
    twins = {one.number: one for one in outcomes if one.place is None}
    jobs = [one for one in outcomes if one.place is not None]
    struck = [one for job in jobs for one in job.struck]
    hits = [one for one in struck if one.hit]
    figures: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    recorded = lost = Decimal(0)
    for job in jobs:
        figures.update({key: int(str(job.figures.get(key, 0))) for key in SUMMED})
        told = job.figures.get("resent_by_cause")
        causes.update(told if isinstance(told, dict) else {})
        recorded += Decimal(str(job.figures.get("recorded_cost_usd", 0)))
        lost += Decimal(str(job.figures.get("lost_cost_usd", 0)))
    compared = {one.place for one in plain if one.place is not None}
    return Summary(
        name=name,
        seed=seed,
        verdict=worst(
            [
                *(one.verdict for one in jobs),
                Verdict.TRUE if hits else Verdict.UNKNOWN,
                Verdict.FALSE if violations else Verdict.TRUE,
            ]
        ),
        jobs=len(jobs),
        clean=sum(one.clean for one in jobs),
        aimed=len(struck),
        hit=len(hits),
        kills=sum(one.kills for one in struck),
        invariants=_invariants(jobs),
        went_on=_spreads(hits, lambda one: one.went_on),
        elsewhere=_spreads(hits, lambda one: one.elsewhere),
        figures={key: figures[key] for key in SUMMED},
        resent_by_cause=dict(causes.most_common()),
        recorded_cost_usd=recorded,
        lost_cost_usd=lost,
        durable=_loss([(one, twins[one.number]) for one in jobs if one.number in twins]),
        comparable=_loss([(one, twins[one.number]) for one in jobs if one.place in compared and one.number in twins]),
        plain=_plain(plain),
        violations=tuple(violations),
    )


def _invariants(jobs: Sequence[Outcome]) -> dict[str, Verdict]:
    found: dict[str, list[Verdict]] = defaultdict(list)
    for job in jobs:
        for name, verdict in job.rulings.items():
            # Nothing sent again is nothing to name; other jobs had something.
            found[name].append(verdict)
    return {name: worst(verdicts) for name, verdicts in found.items()}


def _spreads(struck: Sequence[Struck], of: Any) -> tuple[Spread, ...]:
    by_kind: dict[str, list[float]] = defaultdict(list)
    for one in struck:
        if (value := of(one)) is not None:
            by_kind[one.kind].append(value)
    return tuple(Spread.of(kind, values) for kind, values in sorted(by_kind.items()))


def _loss(pairs: Sequence[tuple[Outcome, Outcome]]) -> Loss | None:
    return _added([(one.seconds, one.paid, twin.seconds, twin.paid, 0) for one, twin in pairs])


def _plain(plain: Sequence[PlainOutcome]) -> Loss | None:
    twins = {one.number: one for one in plain if one.place is None}
    pairs = [(one, twins[one.number]) for one in plain if one.place is not None and one.number in twins]
    return _added([(one.seconds, one.paid, twin.seconds, twin.paid, one.restarts) for one, twin in pairs])


def _added(rows: Sequence[tuple[float, Paid, float, Paid, int]]) -> Loss | None:
    if not rows:
        return None
    return Loss(
        jobs=len(rows),
        seconds=sum(seconds - calm for seconds, _, calm, _, _ in rows),
        undisturbed_seconds=sum(calm for _, _, calm, _, _ in rows),
        tokens=sum(paid.tokens - calm.tokens for _, paid, _, calm, _ in rows),
        undisturbed_tokens=sum(calm.tokens for _, _, _, calm, _ in rows),
        micro_usd=sum(paid.micro_usd - calm.micro_usd for _, paid, _, calm, _ in rows),
        undisturbed_micro_usd=sum(calm.micro_usd for _, _, _, calm, _ in rows),
        restarts=sum(restarts for _, _, _, _, restarts in rows),
    )


def _lines(told: Summary) -> list[str]:
    said = {Verdict.TRUE: "clean", Verdict.FALSE: "VIOLATED", Verdict.UNKNOWN: "unknown"}
    lines = [
        f"chaos {told.name}, seed {told.seed}: {said[told.verdict]}",
        f"{counted(told.hit, 'blow')} fell of {told.aimed} aimed, {counted(told.kills, 'death')}; "
        f"{told.clean} of {counted(told.jobs, 'job')} clean",
        f"{told.figures['replayed_steps']:,} recorded steps replayed, none made again; "
        f"{counted(told.figures['resent_requests'], 'request')} in flight sent again",
        f"recorded ${told.recorded_cost_usd:.6f}, answered and lost on the way ${told.lost_cost_usd:.6f}",
    ]
    lines[1:1] = [f"VIOLATED: {sentence}" for sentence in told.violations]
    lines += [f"{count:>8,}  {cause}" for cause, count in told.resent_by_cause.items()]
    lines += _table("to the next record of the job, seconds", told.went_on)
    lines += _table("a step in flight to its next request elsewhere, seconds", told.elsewhere)
    for who, loss in (("durable", told.comparable or told.durable), ("plain script", told.plain)):
        if loss:
            lines.append(
                f"{who}: {loss.seconds:+.1f} s on {loss.undisturbed_seconds:.1f} s, {loss.tokens:+,} tokens on "
                f"{loss.undisturbed_tokens:,}, ${loss.micro_usd / 1e6:+.6f} on ${loss.undisturbed_micro_usd / 1e6:.6f}"
            )
    return lines


def _table(title: str, spreads: Sequence[Spread]) -> list[str]:
    if not spreads:
        return []
    width = max(len(one.kind) for one in spreads)
    head = f"  {title:<{width}}"
    rows = [
        f"  {one.kind:<{width}}  n {one.count:>4}  p50 {one.p50:6.2f}  p95 {one.p95:6.2f}  max {one.most:6.2f}"
        for one in spreads
    ]
    return ["", head, *rows]
