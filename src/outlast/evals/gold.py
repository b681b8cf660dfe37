"""The gold set: questions over the World Factbook with answers that are beyond doubt, and their twins.

Which questions are asked is drawn with a fixed seed from all that can be asked, so the set is the same everywhere.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from outlast.evals import wording
from outlast.evals.answers import Places, Spec, answer, figures_of, neighbours
from outlast.evals.case import GoldCase, Kind
from outlast.evals.corpus import altered_corpus, embedded_corpus
from outlast.evals.fields import FIELDS, GoldField
from outlast.evals.places import Place, folded, plain_places

SIZES: Mapping[Kind, int] = {
    Kind.FIGURE: 45,
    Kind.TEXT: 25,
    Kind.COMPARE: 24,
    Kind.ORDER: 12,
    Kind.LIST: 24,
    Kind.NAMES: 16,
    Kind.MOST: 50,
    Kind.LEAST: 32,
    Kind.RANK: 32,
    Kind.SUM: 28,
    Kind.MEAN: 20,
    Kind.COUNT: 36,
    Kind.NEIGHBOURS: 14,
    Kind.BORDER: 12,
}
"""How many questions of each kind; the unanswerable ones come on top."""

_NUMERIC = tuple(field for field in FIELDS if field.most)
_WORDS = tuple(field for field in FIELDS if not field.most)


@cache
def gold_cases() -> tuple[GoldCase, ...]:
    """Every case, in an order that does not change."""
    places = plain_places(embedded_corpus())
    return (*(case for spec in specs() if (case := _case(spec, places)) is not None), *_unanswerable(places))


def twin_cases(seed: int) -> tuple[GoldCase, ...]:
    """The questions whose answer is another one over `altered_corpus(seed)`, with that answer."""
    altered = plain_places(altered_corpus(seed))
    original = {case.name: case for case in gold_cases()}
    twins = (case for spec in specs() if (case := _case(spec, altered)) is not None)
    return tuple(twin for twin in twins if _differs(twin, original[twin.name]))


@cache
def specs() -> tuple[Spec, ...]:
    """The questions that have an answer."""
    places = plain_places(embedded_corpus())
    chosen: list[Spec] = []
    for kind, size in SIZES.items():
        chance = random.Random(f"gold:{kind}")  # noqa: S311 - nobody must be unable to guess it
        drawn = _candidates(kind, places, chance)
        names: set[str] = set()
        for spec in drawn:
            if len(names) == size:
                break
            if spec.name not in names and answer(spec, places) is not None:
                names.add(spec.name)
                chosen.append(spec)
    return tuple(chosen)


def _case(spec: Spec, places: Places) -> GoldCase | None:
    found = answer(spec, places)
    if found is None:
        return None
    expected, used = found
    return GoldCase(name=spec.name, question=spec.question, kind=spec.kind, expected=expected, places=used)


def _differs(twin: GoldCase, original: GoldCase) -> bool:
    """Whether the right answer to one is a wrong answer to the other."""
    if twin.expected.number is not None:
        return twin.expected.number != original.expected.number
    if twin.kind in {Kind.MOST, Kind.LEAST, Kind.COMPARE}:
        return twin.expected.places[0] != original.expected.places[0]
    return twin.expected != original.expected


def _candidates(kind: Kind, places: Places, chance: random.Random) -> Iterator[Spec]:
    """Questions of one kind without end, drawn at random; fields and wordings take turns."""
    fields = [None] if kind in {Kind.NEIGHBOURS, Kind.BORDER} else list(_fields_for(kind))
    templates = wording.TEMPLATES[kind]
    known = [place for place in places.values() if _is_country(place)]
    bordered = [place for place in known if len(place.borders) > 1]
    for turn in range(100_000):
        field = fields[turn % len(fields)]
        template = templates[turn // len(fields) % len(templates)]
        spec = _spec(kind, field, template, chance, bordered if kind not in _NAMED else known, places)
        if spec is not None:
            yield spec


_NAMED = frozenset({Kind.FIGURE, Kind.TEXT, Kind.COMPARE, Kind.ORDER})


def _fields_for(kind: Kind) -> Iterator[GoldField]:
    for field in _WORDS if kind in {Kind.TEXT, Kind.NAMES} else _NUMERIC:
        if kind is Kind.SUM and not field.additive:
            continue
        if kind is Kind.MEAN and field.additive:
            continue
        if kind is Kind.COUNT and not field.bound:
            continue
        if kind is Kind.NAMES and not field.plural:
            continue
        yield field


def _spec(
    kind: Kind,
    field: GoldField | None,
    template: str,
    chance: random.Random,
    among: Sequence[Place],
    places: Places,
) -> Spec | None:
    count = {Kind.COMPARE: 2, Kind.ORDER: 3}.get(kind, 1)
    subjects = chance.sample(list(among), count)
    if kind is Kind.BORDER:
        subjects.append(chance.choice(neighbours(subjects[0], places)))
    names = dict(zip(("place", "other", "third"), (place.name for place in subjects), strict=False))
    words = {"noun": field.noun, "plural": field.plural, "higher": field.higher} if field else {}
    bound, above = 0.0, True
    if field is not None and "{most}" in template:
        words["most"] = chance.choice(field.most)
    if field is not None and "{least}" in template:
        words["least"] = chance.choice(field.least)
    if kind is Kind.COUNT and field is not None:
        drawn = _bound(field, neighbours(subjects[0], places), chance)
        if drawn is None:
            return None
        bound, above = drawn
        words["bound"] = _bound_words(field, bound, above)
    parts = (kind.value, *(field.key for field in (field,) if field), *(place.name for place in subjects))
    return Spec(
        name=re.sub(r"[^a-z0-9]+", "-", folded(" ".join(parts))),
        question=wording.sentence(template, names, words),
        kind=kind,
        subjects=tuple(place.code for place in subjects),
        field=field,
        bound=bound,
        above=above,
    )


def _bound(field: GoldField, around: Sequence[Place], chance: random.Random) -> tuple[float, bool] | None:
    """A round number that parts the figures, and whether those above it are asked for."""
    figures = figures_of(field, around)
    if figures is None or len(figures) < 2 or min(figures.values()) <= 0:
        return None
    ordered = sorted(figures.values())
    index = chance.randrange(len(ordered) - 1)
    middle = math.sqrt(ordered[index] * ordered[index + 1])
    size = math.floor(math.log10(middle))
    rounded = next(
        (r for digits in (0, 1) if ordered[index] < (r := round(middle, digits - size)) < ordered[index + 1]), 0.0
    )
    above = "{more}" not in field.bound or chance.random() < 0.6
    return (rounded, above) if rounded else None


def _bound_words(field: GoldField, bound: float, above: bool) -> str:
    shown = f"{bound:,.10g}" if bound >= 1 else f"{bound:g}"
    for scale, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if bound >= scale:
            shown = f"{bound / scale:g} {name}"
            break
    shown = f"${shown}" if field.unit == "$" else f"{shown}{field.unit}"
    less = "fewer" if field.bound.endswith(("people", "airports", "users")) else "less"
    return field.bound.format(more="more" if above else less, bound=shown)


def _is_country(place: Place) -> bool:
    """Whether it is a country of some size: not an island that nobody heard of."""
    population = FIELDS[0].number(place.sections)
    return population is not None and population >= 100_000


def _unanswerable(places: Places) -> Iterator[GoldCase]:
    """Questions that the data do not answer."""
    chance = random.Random("gold:unanswerable")  # noqa: S311 - as above
    known = [place for place in places.values() if _is_country(place) and len(place.borders) > 1]
    landless = [place for place in places.values() if _is_country(place) and place.landless]
    about = wording.ABOUT_FICTION
    drawn = [
        *(
            ("fiction", name, about[(n + 2 * m) % len(about)])
            for n, name in enumerate(wording.FICTIONAL)
            for m in (0, 1)
        ),
        *(("unrecorded", chance.choice(known).name, text) for text in wording.NOT_RECORDED for _ in range(2)),
        *(("landless", at.name, text) for text in wording.ABOUT_NO_NEIGHBOURS for at in chance.sample(landless, 4)),
    ]
    for number, (reason, name, template) in enumerate(drawn):
        yield GoldCase(
            name=f"{Kind.UNANSWERABLE}-{number:02}-{reason}-{re.sub(r'[^a-z0-9]+', '-', folded(name))}",
            question=wording.sentence(template, {"place": name}, {}),
            kind=Kind.UNANSWERABLE,
            places=(name,),
            unanswerable=True,
        )
