"""The oracle: answers questions about a country from its fields in the Factbook, without any model.

It understands questions on place, size, people, neighbours, coast, government, languages, religion, capital and name,
in any common wording, and says so when it does not. A figure that is within a twentieth of what is asked is no clear
yes or no.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from outlast.games.atlas import Country, by_name, country, number
from outlast.games.failures import strike
from outlast.games.judging import folded
from outlast.games.models import Answer
from outlast.games.state import OracleQuestion

Reader = Callable[[Country, "re.Match[str]"], Answer | None]

NEAR = 0.05
"""How far from a bound a figure has to be for a clear answer."""

_FAITHS = {
    "christian": ("christian", "catholic", "protestant", "orthodox", "evangelical", "anglican", "lutheran"),
    "muslim": ("muslim", "islam", "sunni", "shia"),
    "islamic": ("muslim", "islam", "sunni", "shia"),
}
"""What the Factbook calls those that a question sums up."""

_SHARE = re.compile(r"(?P<name>[^,;()%]*?)\s*(?:more than |over |nearly |about )?(?P<percent>\d+(?:\.\d+)?)\s*%")


def consult(asked: OracleQuestion) -> Answer | None:
    """Answer for the country that is the secret; None where the Factbook has nothing on the question.

    Raises:
        UsageError: the secret is no country.
        SimulatedFailureError: the game asked for failures, and one fell on this attempt.
    """
    strike(asked.deps, "oracle")
    return answer(country(asked.secret), asked.question)


def answer(about: Country, question: str) -> Answer | None:
    """Answer one question."""
    text = " ".join(question.split()).rstrip("?!. ")
    for pattern, read in _READERS:
        if found := pattern.search(text):
            return read(about, found)
    return None


def _guess(about: Country, found: re.Match[str]) -> Answer | None:
    named = by_name().get(folded(found["name"]))
    if named is None:
        return None
    return Answer.YES if named.name == about.name else Answer.COMPLETELY_WRONG


def _letters(about: Country, found: re.Match[str]) -> Answer | None:
    first, last = found["first"].casefold(), (found["last"] or found["first"]).casefold()
    return _yes_if(first <= folded(about.name)[:1] <= last)


def _borders(about: Country, found: re.Match[str]) -> Answer | None:
    named = by_name().get(folded(found["name"]))
    if named is None:
        return None
    neighbours = {folded(neighbour) for neighbour in about.neighbours}
    return _yes_if(bool(neighbours & {folded(name) for name in named.names}))


def _neighbours(about: Country, found: re.Match[str]) -> Answer | None:
    bound = number(found["bound"])
    if bound is None:
        return None
    count = len(about.neighbours)
    return _yes_if(count > bound if _asks_for_more(found) else count < bound)


def _coast(about: Country, found: re.Match[str]) -> Answer | None:
    has_coast = bool(number(about.text("Coastline")))
    return _yes_if(has_coast is (found["landlocked"] is None))


def _island(about: Country, _: re.Match[str]) -> Answer | None:
    if about.neighbours:
        return Answer.KIND_OF if "island" in about.text("Location").casefold() else Answer.NO
    return _yes_if(bool(number(about.text("Coastline"))))


def _population(about: Country, found: re.Match[str]) -> Answer | None:
    return _compared(number(about.line("Population", "total")), found)


def _area(about: Country, found: re.Match[str]) -> Answer | None:
    return _compared(number(about.line("Area", "total")), found)


def _government(about: Country, found: re.Match[str]) -> Answer | None:
    kind = about.text("Government type").casefold()
    if not kind:
        return None
    asked = found["government"].casefold()
    words = {
        "monarchy": ("monarchy", "sultanate", "emirate", "under a constitutional monarch"),
        "kingdom": ("monarchy", "sultanate", "emirate"),
        "federation": ("federal", "federation"),
        "federal": ("federal", "federation"),
    }.get(asked, (asked,))
    return _yes_if(any(word in kind for word in words))


def _hemisphere(about: Country, found: re.Match[str]) -> Answer | None:
    place = about.text("Geographic coordinates")
    letter = found["half"][0].upper()
    if not place:
        return None
    return _yes_if(re.search(rf"\d\s*{letter}\b", place) is not None)


def _language(about: Country, found: re.Match[str]) -> Answer | None:
    text = about.text("Languages").casefold()
    name = found["language"].casefold()
    if not text:
        return None
    if text.removeprefix("languages:").strip().startswith(name) or re.search(rf"{name} \([^)]*official", text):
        return Answer.YES
    return Answer.KIND_OF if name in text else Answer.NO


def _religion(about: Country, found: re.Match[str]) -> Answer | None:
    text = about.text("Religions").casefold()
    names = _FAITHS.get(found["faith"].casefold(), (found["faith"].casefold(),))
    shares = [
        float(share["percent"])
        for share in _SHARE.finditer(re.sub(r"\([^)]*\)", "", text))
        if any(name in share["name"] for name in names)
    ]
    if not text or ("%" not in text and not any(name in text for name in names)):
        return None
    total = min(sum(shares), 100.0)
    if total >= 50 or ("%" not in text and any(name in text.split(",")[0] for name in names)):
        return Answer.YES
    if total >= 20:
        return Answer.KIND_OF
    return Answer.NOT_REALLY if any(name in text for name in names) else Answer.NO


def _capital(about: Country, found: re.Match[str]) -> Answer | None:
    name = about.line("Capital", "name").casefold()
    return _yes_if(folded(found["capital"]) in folded(name)) if name else None


def _climate(about: Country, found: re.Match[str]) -> Answer | None:
    text = about.text("Climate").casefold()
    word = found["climate"].casefold()
    if not text:
        return None
    return _yes_if(word in text)


def _region(about: Country, found: re.Match[str]) -> Answer | None:
    region = folded(found["region"])
    listed = folded(about.text("Map references"))
    if region == listed or region in folded(about.text("Location")):
        return Answer.YES
    if region in listed:
        return Answer.YES
    if region == "asia" and "middle east" in listed:
        return Answer.KIND_OF
    known = {"europe", "asia", "africa", "oceania", "america", "middle east", "caribbean"}
    return Answer.NO if any(name in region for name in known) else None


def _compared(figure: float | None, found: re.Match[str]) -> Answer | None:
    bound = number(found["bound"])
    if figure is None or not bound:
        return None
    over = figure / bound - 1 if _asks_for_more(found) else 1 - figure / bound
    if abs(over) < NEAR:
        return Answer.KIND_OF if over > 0 else Answer.NOT_REALLY
    return _yes_if(over > 0)


def _asks_for_more(found: re.Match[str]) -> bool:
    return found["less"] is None


def _yes_if(so: bool) -> Answer:
    return Answer.YES if so else Answer.NO


_THAN = r"(?:more|greater|larger|bigger|higher|over|above|at least|(?P<less>less|fewer|smaller|lower|under|below))"
_BOUND = r"(?:\s+than)?\s+(?P<bound>[\d.,]+(?:\s*(?:thousand|million|billion))?)"

_LETTERS = r"(?P<first>[a-z])\b(?:\s*(?:to|-|and)\s*(?P<last>[a-z]))?$"
_GOVERNMENTS = "monarchy|kingdom|republic|federation|federal|dictatorship|democracy|communist"

_READERS: tuple[tuple[re.Pattern[str], Reader], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), read)
    for pattern, read in (
        (
            r"\b(?:begin|start)s?\b.*?\bletters? (?:from )?(?P<first>[a-z])\b(?:\s*(?:to|-|and)\s*(?P<last>[a-z]))?$",
            _letters,
        ),
        (r"\b(?:begin|start)s? with (?:an? |the )?(?P<first>[a-z])(?P<last>)$", _letters),
        (r"\b" + _THAN + _BOUND + r"\s+(?:neighbou?rs|bordering|borders|land borders)", _neighbours),
        (r"\b(?:border|share a (?:land )?border with|neighbou?r(?: of)?)\s+(?P<name>[a-z][^?]*)$", _borders),
        (r"(?P<landlocked>landlocked)|\bcoast|\baccess to the sea|\bseaside", _coast),
        (r"\bisland", _island),
        (r"\b" + _THAN + _BOUND + r"\s*(?:people|inhabitants|citizens|residents)", _population),
        (r"\b(?:population|people|inhabitants)\b.*\b" + _THAN + _BOUND, _population),
        (r"\b(?:area|larger|bigger|smaller|cover)\b.*?\b" + _THAN + _BOUND, _area),
        (r"\b" + _THAN + _BOUND + r"\s*(?:sq|square|km)", _area),
        (
            r"\b(?P<government>monarchy|kingdom|republic|federation|federal|dictatorship|democracy|communist)\b",
            _government,
        ),
        (r"\b(?P<half>north|south|east|west)(?:ern)?\s+(?:half|hemisphere)", _hemisphere),
        (r"\b(?:speaks?|spoken|language)\b.*?\b(?P<language>(?-i:[A-Z])[a-z]+)(?: there)?$", _language),
        (
            r"\bis (?P<language>(?-i:[A-Z])[a-z]+) (?:widely |commonly )?(?:spoken|an? official language|the official)",
            _language,
        ),
        (r"\b(?P<faith>muslim|islamic|christian|catholic|protestant|orthodox|buddhist|hindu|jewish)", _religion),
        (r"\bcapital\b.*?\b(?P<capital>(?-i:[A-Z])[\w\' -]+)$", _capital),
        (r"\bis (?P<capital>(?-i:[A-Z])[\w\' -]+) (?:its|the) capital", _capital),
        (r"\b(?P<climate>tropical|desert|arid|temperate|continental|mediterranean|arctic)\b", _climate),
        (r"\b(?:in|part of|on)\s+(?:the )?(?:continent of )?(?P<region>(?-i:[A-Z])[\w\' -]+)$", _region),
        (r"^is (?:it|the country|the secret|it the country of) (?:the )?(?P<name>[^?]+)$", _guess),
    )
)
"""How questions are worded, the first that fits; guesses come last."""
