"""Which passages fit a query: what the query is about, what it asks, and how much of that a passage holds.

bm25 alone always has a best row, for a country that does not exist too. Here a passage must hold enough of what was
asked, weighed by how rare the words are: whoever asks for the population of nowhere gets nothing, not the population of
somewhere else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from outlast.sources.words import OPTIONAL, STOP, query_words

__all__ = ["Candidate", "Lexicon", "Question", "fitting", "read_question"]

_ENOUGH_OF_A_PLACE = 0.35
"""Share of the question (weighed) that a passage of the named place must hold: its place is right already."""
_ENOUGH_OF_A_CORPUS = 0.75
"""The same where the corpus has subjects and the query names none of them: probably it means one that is not there."""
_ENOUGH_OF_A_FOLDER = 0.5
"""The same in a corpus without subjects, where questions come as sentences."""

_LAST_HEADING, _EARLIER_HEADING, _BODY = 1.0, 0.8, 0.6
"""What a word counts by where it stands."""
_EXACT_HEADING = 0.5
"""For a heading all of whose words were asked for: "population" means Population before Population growth rate."""
_OPTIONAL = 0.2
"""What an optional word adds, against one that is asked for."""
_HINT = 0.15
"""What the name of another subject of the query adds."""
_NOISE = 0.35
"""Passages that fit less than this share of the best one are left out: they cost a reader more than they bring."""
_RAREST = 7.4
"""Cap of a word's weight, reached by one in about 1,600 passages: rarer words are as good as names."""

_MANY = 1_500
"""Rows after which a search that no subject narrows looks at headings alone, to stay short."""

_WEAK = frozenset({"car", "eu", "us", "world"})
"""Aliases that are words too: they name a subject in capitals, or when nothing else does."""
_MODIFIERS = frozenset(
    {"north", "south", "east", "west", "northern", "southern", "eastern", "western", "northeast", "northwest"}
    | {"southeast", "southwest", "central", "latin", "new", "old", "upper", "lower", "inner", "outer", "greater"}
)
"""Before a name they make another one: North Poland is not Poland."""
_YEAR = re.compile(r"(?:19|20)\d\d")
_CAPITALS = re.compile(r"\b(?:[A-Z]\.?){2,}")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What an index knows about words."""

    passages: int
    aliases: Mapping[str, frozenset[str]]
    """Subjects by name, as folded words."""
    longest_alias: int
    """Words of the longest of them."""
    synonyms: Mapping[str, str]
    """Words that serve as well, by folded words."""
    frequency: Callable[[str], int]
    """In how many passages a word stands."""

    def name_at(self, words: Sequence[str], at: int) -> tuple[str, ...]:
        """The longest name that begins at a place in a query; empty when none does."""
        for end in range(min(at + self.longest_alias, len(words)), at, -1):
            if " ".join(words[at:end]) in self.aliases:
                return tuple(words[at:end])
        return ()

    def rows(self, words: Iterable[str]) -> int:
        """The most passages that can hold all of these words."""
        return min(map(self.frequency, words), default=0)

    def weight(self, words: Iterable[str]) -> float:
        """How much a passage tells by holding all of these words."""
        rows = self.rows(words)
        return min(_RAREST, math.log(1 + self.passages / (rows + 0.5))) if rows else _RAREST


Name = tuple[frozenset[str], tuple[str, ...]]
"""A name as it stands in a query, with the subjects that have it."""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing asked for."""

    options: tuple[tuple[str, ...], ...]
    """Ways to say it, each a group of words that must all be there."""
    weight: float
    required: bool
    """Whether its absence counts against a passage."""
    rows: int
    """In how many passages it may stand."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query, read."""

    subjects: frozenset[str]
    """Keys of the subjects that it names; none means any."""
    terms: tuple[Term, ...]
    phrases: tuple[str, ...]
    """Words that a passage must hold side by side."""
    hints: tuple[Name, ...]
    """The names in the query: a passage on one subject may tell about another."""
    enough: float
    """Weighed share of the required terms that a passage must hold."""
    strict: bool
    """Whether a word of it stands nowhere in the corpus."""

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing that could be found."""
        return not (self.subjects or self.terms or self.phrases)

    def match(self) -> str:
        """The FTS5 expression that finds its candidates: every word is quoted, so none of them is an operator."""
        parts = []
        groups = [" OR ".join(_all_of(option) for option in term.options) for term in self.terms]
        if self.subjects:
            parts.append("subject : (" + " OR ".join(map(_quoted, sorted(self.subjects))) + ")")
        elif self.terms:
            # The rarest term must be there, the others only order the rows.
            rarest = max((term for term in self.terms if term.required), key=lambda term: term.weight)
            columns = "head body" if rarest.rows < _MANY else "head"
            parts.append(f"{{{columns}}} : (" + groups[self.terms.index(rarest)] + ")")
        if groups:
            parts.append("{head body} : (" + " OR ".join(groups) + ")")
        parts += [f"{{head body}} : {_quoted(phrase)}" for phrase in self.phrases]
        return " AND ".join(parts)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that holds some of the words."""

    number: int
    subject: str
    head: str
    """Folded words of its headings, ` / ` between them."""
    body: str
    """Folded words of its text, each once."""
    bm25: float
    sha256: str


def read_question(query: str, lexicon: Lexicon) -> Question:
    """Tell the subjects of a query from what it asks about them."""
    words = query_words(query)
    capitals = {found.replace(".", "").casefold() for found in _CAPITALS.findall(query)}
    named, phrases, rest = _split(words, lexicon, capitals)
    terms = tuple(_terms(rest, lexicon))
    if terms and not any(term.required for term in terms):
        terms = tuple(replace(term, required=True) for term in terms)
    subjects = frozenset[str]().union(*(keys for keys, _ in named))
    elsewhere = _ENOUGH_OF_A_CORPUS if lexicon.aliases else _ENOUGH_OF_A_FOLDER
    return Question(
        subjects=subjects,
        terms=terms,
        phrases=tuple(phrases),
        hints=tuple(named),
        enough=_ENOUGH_OF_A_PLACE if subjects else elsewhere,
        strict=any(term.required and not term.rows for term in terms),
    )


def fitting(question: Question, candidates: Iterable[Candidate], *, limit: int) -> list[int]:
    """Numbers of the candidates that fit, best first; of those that say the same on one subject, the first."""
    scored = [(score, row) for row in candidates if (score := _score(question, row)) is not None]
    scored.sort(key=lambda pair: (-pair[0], pair[1].bm25, pair[1].number))
    numbers: list[int] = []
    seen: set[tuple[str, str]] = set()
    for score, row in scored:
        if len(numbers) == limit or score < scored[0][0] * _NOISE:
            break
        if (row.subject, row.sha256) not in seen:
            seen.add((row.subject, row.sha256))
            numbers.append(row.number)
    return numbers


def _score(question: Question, row: Candidate) -> float | None:
    """How well a row fits, None when it does not."""
    *earlier, last = (part.split() for part in row.head.split(" / "))
    places = [(set(last), _LAST_HEADING), ({word for part in earlier for word in part} | set(last), _EARLIER_HEADING)]
    everything = places[1][0] | set(row.body.split())
    places.append((everything, _BODY))
    asked = held = score = 0.0
    named: set[str] = set()
    for term in question.terms:
        level, words = max(
            ((level, option) for words, level in places for option in term.options if words.issuperset(option)),
            default=(0.0, ()),
        )
        named.update(words)
        score += term.weight * level * (1 if term.required else _OPTIONAL)
        if term.required:
            asked += term.weight
            held += term.weight if level else 0
    named.update(word for keys, words in question.hints if row.subject not in keys for word in words)
    exact = len(named.intersection(last)) / len(last) if last else 0.0
    enough = not asked or held / asked >= question.enough
    if not enough and not (question.subjects and exact == 1 and not question.strict):
        return None
    hints = sum(row.subject not in keys and everything.issuperset(words) for keys, words in question.hints)
    return round(score / (asked or 1) + _EXACT_HEADING * exact + _HINT * hints, 6)


def _split(words: list[str], lexicon: Lexicon, capitals: set[str]) -> tuple[list[Name], list[str], list[str]]:
    """Part the words of a query into names, phrases and the rest."""
    strong: list[Name] = []
    weak: list[Name] = []
    phrases: list[str] = []
    rest: list[str] = []
    at = 0
    while at < len(words):
        name = lexicon.name_at(words, at)
        alias = " ".join(name)
        after = at + len(name)
        if not name:
            rest.append(words[at])
        elif rest and rest[-1] == words[at - 1] and rest[-1] in _MODIFIERS:
            phrases.append(f"{rest.pop()} {alias}")
        elif words[after : after + 1] == ["of"] and words[after + 1 :] and not lexicon.name_at(words, after + 1):
            phrases.append(" ".join(words[at : after + 2]))  # the United States of somewhere else
        elif alias in _WEAK and alias not in capitals:
            weak.append((lexicon.aliases[alias], name))
        else:
            strong.append((lexicon.aliases[alias], name))
        at = after if name else at + 1
    if strong or phrases:
        return strong, phrases, rest + [word for _, name in weak for word in name if word != "us"]
    return weak, phrases, rest


def _terms(words: list[str], lexicon: Lexicon) -> Iterator[Term]:
    """What is asked for, each thing once."""
    seen = set()
    at = 0
    while at < len(words):
        group = next(
            (tuple(words[at : at + n]) for n in (3, 2, 1) if " ".join(words[at : at + n]) in lexicon.synonyms), ()
        )
        options = [tuple(word for word in group or words[at : at + 1] if word not in STOP)]
        if group:
            options.append(tuple(lexicon.synonyms[" ".join(group)].split()))
        at += len(group) or 1
        options = [option for option in options if option]
        if not options or options[0] in seen:
            continue
        seen.add(options[0])
        required = not all(word in OPTIONAL or _YEAR.fullmatch(word) for word in options[0])
        yield Term(tuple(options), min(map(lexicon.weight, options)), required, sum(map(lexicon.rows, options)))


def _all_of(words: tuple[str, ...]) -> str:
    return "(" + " AND ".join(map(_quoted, words)) + ")"


def _quoted(words: str) -> str:
    return '"' + words.replace('"', '""') + '"'
