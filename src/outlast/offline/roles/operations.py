"""Reads what a question wants done with the figures: the highest, the order, the sum, those over a bound."""

from __future__ import annotations

import re
from dataclasses import replace

from outlast.offline.roles.ask import Ask, Op, Threshold
from outlast.offline.roles.bounds import threshold
from outlast.offline.roles.fields import Mention
from outlast.offline.roles.phrases import SCOPE, lowered

_HIGH = r"most|largest|biggest|greatest|highest|longest|top|maximum|max|oldest|richest|leads|tallest|fastest"
_LOW = r"least|smallest|lowest|fewest|shortest|minimum|min|youngest|poorest|slowest|bottom"
_SUPERLATIVE = re.compile(rf"\b(?:(?P<high>{_HIGH})|(?P<low>{_LOW}))\b")
_COMPARATIVE = re.compile(
    r"\b(?:(?P<high>more|larger|bigger|greater|higher|longer|older|richer|wealthier|taller|faster)"
    r"|(?P<low>less|smaller|lower|fewer|shorter|younger|poorer|slower))\b"
)
_ORDER = re.compile(r"\b(?:rank\w*|order(?:ed|ing)?|sort(?:ed)?)\b")
_LOW_END = "smallest|lowest|least|fewest|shortest|youngest|poorest"
_RISING = re.compile(
    rf"\b(?:ascending|increasing|(?:{_LOW_END})(?:\s+\w+)?\s+(?:to|first)|from (?:the )?(?:{_LOW_END}))\b"
)
_SUM = re.compile(r"\b(?:total|combined|sum|together|altogether|aggregate|add up|in all)\b")
_MEAN = re.compile(r"\b(?:average|mean)\b")
_HOW_MANY = re.compile(r"\b(?:how many|number of|count)\b")
_EACH = re.compile(r"\b(?:each|every|respective|individual|list)\b")
_GAP = re.compile(r"\bdifference\b|\bhow (?:much|many)\b.*\b(?:exceed\w*|more|\w+[dgtr]er)\b")
_YES_OR_NO = re.compile(r"\W*(?:is|are|does|do|has|have)\b")

_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}
_ORDINALS = {"second": 2, "third": 3, "fourth": 4, "fifth": 5, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5}
_FEW = rf"(?:{'|'.join(_NUMBERS)}|\d)"
_TOP = re.compile(
    rf"\bwhich\s+(?P<of>{_FEW})\s+{SCOPE}|\b(?:top|bottom)\s+(?P<after>{_FEW})\b|\b(?P<before>{_FEW})\s+(?:{_HIGH}|{_LOW})\b"
)
_NTH = re.compile(rf"\b(?P<nth>{'|'.join(_ORDINALS)})[\s-]+(?:{_HIGH}|{_LOW})\b")


def operation(told: Mention, cased: str, *, of_neighbours: bool, named: int) -> Ask:
    """What is wanted of the figures; the places are filled in by the caller.

    Args:
        told: the field, and whether the words for it ask for the highest or lowest.
        cased: the question with `#` for its field and without the words for neighbours.
        of_neighbours: whether it is about the neighbours of a place.
        named: how many places it names otherwise.
    """
    text = lowered(cased)
    many = of_neighbours or named > 1
    ask = Ask(Op.LIST if many else Op.LOOKUP, told.field, qualifiers=told.qualifiers, also=told.also)
    if told.also:
        return ask
    bound = threshold(text, cased)
    if bound is not None and (of_neighbours or (named == 1 and not bound.place)):
        op = Op.COUNT if _HOW_MANY.search(text) else Op.FILTER
        return replace(ask, op=op, threshold=bound, descending=bound.above)
    superlative = _SUPERLATIVE.search(text)
    direction = told.direction or (0 if superlative is None else 1 if superlative["high"] else -1)
    if re.match(r"\W*(?:rank|order|sort|put)\b", text) or (_ORDER.search(text) and not direction):
        return replace(ask, op=Op.RANK, ranked=True, descending=not _RISING.search(text))
    if direction and many:
        return _extreme(ask, text, high=direction > 0, named=bool(told.direction))
    compared = _compared(ask, text, of_neighbours, named, bound)
    return compared or (_over_all(ask, text, of_neighbours) if many else ask)


def how_many(text: str) -> bool:
    """Whether a question asks for a number of things."""
    return _HOW_MANY.search(lowered(text)) is not None


def _extreme(ask: Ask, text: str, *, high: bool, named: bool) -> Ask:
    """The first, the first few or the nth; all in order where both ends are asked for."""
    text = text.replace("#", "most", 1) if named else text
    top, nth = _TOP.search(text), _NTH.search(text)
    both_ends = len({bool(found["high"]) for found in _SUPERLATIVE.finditer(text)}) > 1
    return replace(
        ask,
        op=Op.MOST if high else Op.LEAST,
        descending=high,
        ranked=bool(_ORDER.search(text)) or both_ends,
        top=_number(next(filter(None, top.groups()))) if top else 1,
        nth=_ORDINALS[nth["nth"]] if nth else 1,
    )


def _compared(ask: Ask, text: str, of_neighbours: bool, named: int, bound: Threshold | None) -> Ask | None:
    """Comparisons without a superlative: which has more, how much more, is it more."""
    comparative = _COMPARATIVE.search(text)
    high = bool(comparative and comparative["high"])
    more = replace(ask, op=Op.MOST if high else Op.LEAST, descending=high) if comparative else None
    if of_neighbours:
        return more if "than" not in text else None
    if named < 2:
        return None
    if _GAP.search(text):
        return replace(ask, op=Op.DIFFERENCE)
    if bound is not None and bound.place and _YES_OR_NO.match(text):
        return replace(ask, op=Op.WHETHER, descending=bound.above)
    return more


def _over_all(ask: Ask, text: str, of_neighbours: bool) -> Ask:
    """One figure made of all."""
    if ask.qualifiers or (ask.field is not None and ask.field.text):
        return ask
    if _MEAN.search(text):
        return replace(ask, op=Op.MEAN)
    wanted = _SUM.search(text) or (of_neighbours and _HOW_MANY.search(text))
    return replace(ask, op=Op.SUM) if wanted and not _EACH.search(text) else ask


def _number(text: str) -> int:
    return _NUMBERS.get(text) or int(text)
