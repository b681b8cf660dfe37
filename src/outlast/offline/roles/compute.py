"""Computes what a question asks of the gathered figures, and words it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from outlast.offline.roles.ask import Ask, Op
from outlast.offline.roles.drafts import abstention, borders_claim, claim_of
from outlast.offline.roles.facts import Fact
from outlast.offline.roles.gathering import Gathered
from outlast.offline.roles.names import same_place
from outlast.offline.roles.numbers import comparable, written
from outlast.research.models import Comparison, Confidence, ReportDraft


@dataclass(frozen=True, slots=True)
class Figure:
    """A fact whose figure can be computed with."""

    fact: Fact
    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Worded:
    """The answer in words, and the order in which it lists the facts."""

    answer: str
    summary: str
    order: tuple[Fact, ...]


def draft_of(ask: Ask, gathered: Gathered) -> ReportDraft:
    """The report on the figures that were found."""
    assert ask.field is not None  # noqa: S101 - questions without a field are for `answer_borders`
    worded = _words(ask, gathered)
    if worded is None:
        return abstention("", f"The evidence does not hold the figures that the answer needs: {ask.field.name}.")
    name = ask.field.name
    used = list(gathered.facts)
    if gathered.bound is not None and gathered.bound not in used:
        used.append(gathered.bound)
    claims = [borders_claim(gathered.borders)] if gathered.borders is not None else []
    claims += [claim_of(fact, name) for fact in used]
    missing = [f"The evidence holds no {name} of {place}." for place in gathered.missing]
    if ask.computes:
        others = [fact for fact in gathered.facts if fact not in worded.order]
        missing += [f"The {name} of {fact.place} can't be compared: {fact.text}" for fact in others]
    gap = f" Not in it: {' '.join(missing)}" if missing else ""
    return ReportDraft(
        answer=f"{worded.answer} (only {len(worded.order)} of {len(gathered.places)} found)"
        if missing
        else worded.answer,
        summary=f"{worded.summary}{gap}",
        claims=claims,
        comparison=_table(ask, worded.order) if len(gathered.places) > 1 else None,
        open_questions=missing[:20],
        confidence=Confidence.LOW if missing else _confidence(gathered.facts),
    )


def _words(ask: Ask, gathered: Gathered) -> Worded | None:
    facts = gathered.facts
    if ask.op is Op.LOOKUP or (ask.op is Op.LIST and len(gathered.places) == 1):
        return _lookup(ask, facts)
    if ask.op is Op.LIST:
        return _listed(ask, facts)
    figures = _figures(facts)
    if not figures:
        return None
    ordered = sorted(figures, key=lambda figure: figure.value, reverse=ask.descending)
    match ask.op:
        case Op.MOST | Op.LEAST:
            return _extreme(ask, ordered)
        case Op.RANK:
            return Worded(_ranking(ordered), f"By {_name(ask)}: {_ranking(ordered)}.", _facts(ordered))
        case Op.SUM | Op.MEAN:
            return _total(ask, ordered)
        case Op.COUNT | Op.FILTER:
            return _within(ask, gathered, ordered)
        case _:
            return _between(ask, ordered)


def _lookup(ask: Ask, facts: Sequence[Fact]) -> Worded:
    first = facts[0]
    return Worded(first.text, f"{_name(ask)[:1].upper()}{_name(ask)[1:]} of {first.place}: {first.text}.", tuple(facts))


def _listed(ask: Ask, facts: Sequence[Fact]) -> Worded:
    listed = "; ".join(f"{fact.place}: {fact.text}" for fact in facts)
    figures = _figures(facts)
    summary = f"{_name(ask)[:1].upper()}{_name(ask)[1:]}: {listed}."
    if len(figures) == len(facts) > 1 and not ask.neighbours_of:
        top = max(figures, key=lambda figure: figure.value)
        summary += f" {top.fact.place} has the highest figure."
    return Worded(listed, summary, tuple(facts))


def _extreme(ask: Ask, ordered: Sequence[Figure]) -> Worded | None:
    if ask.nth > len(ordered):
        return None
    chosen = ordered[ask.nth - 1 : ask.nth - 1 + ask.top]
    best = "; ".join(_said(figure) for figure in chosen)
    word = "highest" if ask.descending else "lowest"
    of = f" among the neighbours of {ask.neighbours_of}" if ask.neighbours_of else ""
    answer = f"{best}. Ranking: {_ranking(ordered)}" if ask.ranked else best
    place = f"number {ask.nth} from the {word}" if ask.nth > 1 else f"the {word}"
    summary = f"{best}: {place} {_name(ask)}{of}, of {len(ordered)} that were compared. In order: {_ranking(ordered)}."
    return Worded(answer, summary, _facts(ordered))


def _total(ask: Ask, ordered: Sequence[Figure]) -> Worded:
    total = sum((figure.value for figure in ordered), Decimal(0))
    unit = next((figure.unit for figure in ordered if figure.unit), "")
    what = "total"
    if ask.op is Op.MEAN:
        total, what = round(total / len(ordered), 4), "average"
    terms = "; ".join(_said(figure) for figure in ordered)
    of = f"the {len(ordered)} neighbours of {ask.neighbours_of}" if ask.neighbours_of else f"{len(ordered)} places"
    result = written(total, unit)
    return Worded(result, f"The {what} {_name(ask)} of {of} is {result}: {terms}.", _facts(ordered))


def _within(ask: Ask, gathered: Gathered, ordered: Sequence[Figure]) -> Worded | None:
    bound = ask.threshold
    if bound is None:
        return None
    limit = bound.quantity.value if bound.quantity else None
    said = written(limit, bound.quantity.unit) if limit is not None and bound.quantity else ""
    if bound.place:
        if gathered.bound is None or gathered.bound.quantity is None:
            return None
        limit, said = gathered.bound.quantity.value, f"{bound.place} ({gathered.bound.text})"
    if limit is None:
        return None
    fitting = [figure for figure in ordered if _fits(figure.value, limit, bound.above, bound.inclusive)]
    names = "; ".join(_said(figure) for figure in fitting) or "none"
    than = "more" if bound.above else "less"
    summary = f"{len(fitting)} of {len(ordered)} have a {_name(ask)} of {than} than {said}: {names}."
    answer = f"{len(fitting)}: {names}" if ask.op is Op.COUNT else names[:1].upper() + names[1:]
    if len(gathered.places) == 1 and not ask.neighbours_of:
        answer = f"{'Yes' if fitting else 'No'}: {_said(ordered[0])}"
    return Worded(answer, summary, _facts(ordered))


def _between(ask: Ask, ordered: Sequence[Figure]) -> Worded | None:
    if len(ordered) < 2:
        return None
    high, low = sorted(ordered, key=lambda figure: figure.value, reverse=True)[:2]
    gap = written(high.value - low.value, high.unit)
    sides = f"{_said(high)}; {_said(low)}"
    if ask.op is Op.DIFFERENCE:
        return Worded(
            f"{gap} ({sides})", f"{high.fact.place} has the higher {_name(ask)}, by {gap}: {sides}.", _facts(ordered)
        )
    first = next(iter(ask.places))
    wanted = high if ask.descending else low
    verdict = same_place(wanted.fact.place, first) and high.value != low.value
    word = "Yes" if verdict else "No"
    return Worded(f"{word}: {sides}", f"{word}. {_name(ask)[:1].upper()}{_name(ask)[1:]}: {sides}.", _facts(ordered))


def _fits(value: Decimal, limit: Decimal, above: bool, inclusive: bool) -> bool:
    return (inclusive and value == limit) or (value > limit if above else value < limit)


def _figures(facts: Sequence[Fact]) -> list[Figure]:
    """The facts that can be set side by side: those in the unit that most of them have."""
    known = [Figure(fact, fact.quantity.value, fact.quantity.unit) for fact in facts if fact.quantity is not None]
    if not known:
        return []
    units = [figure.unit for figure in known if figure.unit]
    common = max(units, key=units.count) if units else ""
    return [figure for figure in known if comparable(figure.unit, common)]


def _ranking(ordered: Sequence[Figure]) -> str:
    return "; ".join(f"{rank}. {_said(figure)}" for rank, figure in enumerate(ordered, start=1))


def _said(figure: Figure) -> str:
    return f"{figure.fact.place} ({written(figure.value, figure.unit)})"


def _facts(figures: Sequence[Figure]) -> tuple[Fact, ...]:
    return tuple(figure.fact for figure in figures)


def _table(ask: Ask, order: Sequence[Fact]) -> Comparison:
    if ask.op in {Op.RANK, Op.MOST, Op.LEAST}:
        rows = [[fact.place, fact.text, str(rank)] for rank, fact in enumerate(order, start=1)]
        return Comparison(columns=["Place", _name(ask), "Rank"], rows=rows[:100])
    return Comparison(columns=["Place", _name(ask)], rows=[[fact.place, fact.text] for fact in order][:100])


def _name(ask: Ask) -> str:
    field = ask.field.name if ask.field else "land boundary"
    return " ".join((field, *(f"({qualifier})" for qualifier in ask.qualifiers)))[:400]


def _confidence(facts: Sequence[Fact]) -> Confidence:
    inexact = any(fact.quantity is not None and not fact.quantity.exact for fact in facts)
    return Confidence.MEDIUM if inexact else Confidence.HIGH
