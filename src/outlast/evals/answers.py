"""Computes the answer to a question from the data, or finds that it has none that is beyond doubt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from outlast.evals.case import Expected, Kind
from outlast.evals.fields import GoldField
from outlast.evals.places import Place

CLEAR = 0.005
"""How far figures must be apart, relative to the larger, for their order to be asked about."""

Places = Mapping[str, Place]


@dataclass(frozen=True, slots=True)
class Spec:
    """A question before its answer is known: the same over every copy of the data."""

    name: str
    question: str
    kind: Kind
    subjects: tuple[str, ...]
    """Codes of the places named; of neighbours questions the one whose neighbours are meant."""
    field: GoldField | None = None
    bound: float = 0.0
    above: bool = True


def answer(spec: Spec, places: Places) -> tuple[Expected, tuple[str, ...]] | None:
    """What the answer must hold and the places that it rests on; None where the data leave room for doubt."""
    return _ANSWERS[spec.kind](spec, places)


def neighbours(place: Place, places: Places) -> list[Place]:
    """The neighbours of a place."""
    return [places[code] for code in place.borders]


def figures_of(field: GoldField, among: Sequence[Place]) -> dict[str, float] | None:
    """The figure of each place by name; None when one has none that is well-formed."""
    read = {place.name: field.number(place.sections) for place in among}
    found = {name: value for name, value in read.items() if value is not None}
    return found if len(found) == len(read) else None


_Answer = tuple[Expected, tuple[str, ...]]


def _figure(spec: Spec, places: Places) -> _Answer | None:
    figures = _named_figures(spec, places)
    if figures is None:
        return None
    (name,) = figures
    return Expected(places=(name,), figures=figures, number=figures[name]), (name,)


def _text(spec: Spec, places: Places) -> _Answer | None:
    texts = _texts(spec, [places[code] for code in spec.subjects])
    return (Expected(places=tuple(texts), texts=texts), tuple(texts)) if texts else None


def _compare(spec: Spec, places: Places) -> _Answer | None:
    figures = _named_figures(spec, places)
    return _in_order(figures, highest_first=True)


def _list(spec: Spec, places: Places) -> _Answer | None:
    figures = _neighbours_figures(spec, places)
    return (Expected(places=tuple(figures), figures=figures), tuple(figures)) if figures else None


def _names(spec: Spec, places: Places) -> _Answer | None:
    texts = _texts(spec, neighbours(places[spec.subjects[0]], places))
    return (Expected(places=tuple(texts), texts=texts), tuple(texts)) if texts else None


def _most(spec: Spec, places: Places) -> _Answer | None:
    return _in_order(_neighbours_figures(spec, places), highest_first=True)


def _least(spec: Spec, places: Places) -> _Answer | None:
    return _in_order(_neighbours_figures(spec, places), highest_first=False)


def _sum(spec: Spec, places: Places) -> _Answer | None:
    figures = _neighbours_figures(spec, places)
    return (Expected(figures=figures, number=sum(figures.values())), tuple(figures)) if figures else None


def _mean(spec: Spec, places: Places) -> _Answer | None:
    figures = _neighbours_figures(spec, places)
    return (Expected(figures=figures, number=sum(figures.values()) / len(figures)), tuple(figures)) if figures else None


def _count(spec: Spec, places: Places) -> _Answer | None:
    figures = _neighbours_figures(spec, places)
    if figures is None or any(abs(value - spec.bound) <= 0.02 * spec.bound for value in figures.values()):
        return None
    fitting = tuple(name for name, value in figures.items() if (value > spec.bound) == spec.above)
    return Expected(places=fitting, figures=figures, number=float(len(fitting))), tuple(figures)


def _neighbours(spec: Spec, places: Places) -> _Answer | None:
    names = tuple(place.name for place in neighbours(places[spec.subjects[0]], places))
    return (Expected(places=names), names) if names else None


def _border(spec: Spec, places: Places) -> _Answer | None:
    first, second = spec.subjects
    length = places[first].borders.get(second)
    other = places[second].borders.get(first)
    if length is None or other is None or length != other:
        return None  # the two entries of many borders differ, and neither is the right one
    return Expected(number=length), (places[second].name,)


_ANSWERS: dict[Kind, Callable[[Spec, Places], _Answer | None]] = {
    Kind.FIGURE: _figure,
    Kind.TEXT: _text,
    Kind.COMPARE: _compare,
    Kind.ORDER: _compare,
    Kind.LIST: _list,
    Kind.NAMES: _names,
    Kind.MOST: _most,
    Kind.LEAST: _least,
    Kind.RANK: _most,
    Kind.SUM: _sum,
    Kind.MEAN: _mean,
    Kind.COUNT: _count,
    Kind.NEIGHBOURS: _neighbours,
    Kind.BORDER: _border,
}


def _in_order(figures: dict[str, float] | None, *, highest_first: bool) -> _Answer | None:
    if figures is None or len(figures) < 2:
        return None
    ordered = sorted(figures, key=lambda name: figures[name], reverse=highest_first)
    if any(_close(figures[one], figures[other]) for one, other in pairwise(ordered)):
        return None
    return Expected(places=tuple(ordered), figures=figures), tuple(ordered)


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= CLEAR * max(abs(one), abs(other))


def _named_figures(spec: Spec, places: Places) -> dict[str, float] | None:
    return figures_of(spec.field, [places[code] for code in spec.subjects]) if spec.field else None


def _neighbours_figures(spec: Spec, places: Places) -> dict[str, float] | None:
    around = neighbours(places[spec.subjects[0]], places)
    return figures_of(spec.field, around) if spec.field and around else None


def _texts(spec: Spec, among: Sequence[Place]) -> dict[str, tuple[str, ...]]:
    assert spec.field is not None  # noqa: S101 - these kinds have a field
    read = {place.name: spec.field.read(place.sections) for place in among}
    texts: dict[str, tuple[str, ...]] = {name: (value,) for name, value in read.items() if isinstance(value, str)}
    return texts if len(texts) == len(read) else {}
