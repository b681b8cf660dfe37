"""Answers from prose: which words carry content, which passages and sentences hold them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from outlast.offline.roles.lexicon import ASKING
from outlast.offline.roles.passages import titled
from outlast.offline.roles.phrases import place_names
from outlast.offline.roles.task import Seen
from outlast.sources.words import STOP, words_of

_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?]?")
_ENOUGH = 0.6
"""Share of the question's words that a sentence with its title must hold to count as an answer."""

_SURE = 0.8
"""Share from which the answer is given with some confidence."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A sentence of a passage."""

    passage: Seen
    sentence: str
    share: float
    """Of the question's words that the sentence holds, its title included."""
    rank: tuple[float, int]
    """Higher is better."""
    about: frozenset[str] = frozenset()
    """The words of the sentence and of its title."""

    @property
    def sure(self) -> bool:
        """Whether it holds nearly all that is asked."""
        return self.share >= _SURE


def content_words(text: str) -> list[str]:
    """The words of a text that carry content, each once, folded as the index folds them."""
    words = words_of(re.sub(r"['’]s\b", "", text))
    return list(dict.fromkeys(word for word in words if word not in STOP and word not in ASKING))


def keyword_queries(question: str) -> list[str]:
    """One to four searches for a question of any kind: its names with the words around them, then all its words."""
    words = content_words(question)
    names = list(place_names(question))
    named = {word for name in names for word in content_words(name)}
    rest = [word for word in words if word not in named]
    queries = [" ".join([name, *rest[:6]]) for name in names[:3]] if len(names) > 1 else []
    queries.append(" ".join(words[:12]) or question)
    return list(dict.fromkeys(query[:400].strip() for query in queries if query.strip())) or ["overview"]


def bearing(query: str, seen: Sequence[Seen]) -> list[Seen]:
    """The passages that hold most words of a query, best first."""
    wanted = set(content_words(query))
    if not wanted:
        return []
    scored = [
        (len(wanted & set(content_words(f"{passage.title} {passage.text}"))) / len(wanted), -position, passage)
        for position, passage in enumerate(seen)
    ]
    best = sorted((item for item in scored if item[0] >= _ENOUGH), key=lambda item: item[:2], reverse=True)
    return [passage for _, _, passage in best]


def quotes(question: str, passages: Iterable[Seen], *, limit: int = 5, whole: bool = False) -> list[Quoted]:
    """The sentences that answer a question best; none when no sentence holds enough of its words and one of its names.

    Where the question names several things, each gets its best sentences.

    Args:
        question: what is asked.
        passages: what was found.
        limit: how many at the most.
        whole: whether a sentence must hold every word of the question.
    """
    enough = 1.0 if whole else _ENOUGH
    names = [set(content_words(name)) for name in place_names(question)]
    names = [name for name in names if name]
    wanted = set(content_words(question))
    found: dict[str, Quoted] = {}
    for position, passage in enumerate(passages):
        for quoted in _fitting(passage, position, wanted, names):
            if quoted.share >= enough:
                found.setdefault(quoted.sentence, quoted)
    best = sorted(found.values(), key=lambda quoted: quoted.rank, reverse=True)
    if len(names) < 2:
        return best[:limit]
    each = [[quoted for quoted in best if name <= quoted.about][: limit // 2] for name in names]
    return list({quoted.sentence: quoted for few in zip_longest(*each) for quoted in few if quoted}.values())


def sentences(text: str) -> list[str]:
    """The sentences of a text as they stand in it; a line break ends one too."""
    return [sentence.strip()[:1_500] for sentence in _SENTENCE.findall(text) if len(sentence.strip()) > 2]


def subject(seen: Seen) -> str:
    """What a passage is about, for people."""
    told = titled(seen)
    return told.place if told else seen.title


def _numbers(words: set[str]) -> set[str]:
    """Years and other numbers: a sentence on another year is no answer."""
    return {word for word in words if word.isdecimal()}


def _fitting(passage: Seen, position: int, wanted: set[str], names: Sequence[set[str]]) -> Iterable[Quoted]:
    title = set(content_words(passage.title))
    for sentence in sentences(passage.text):
        words = set(content_words(sentence))
        around = words | title
        named = [name for name in names if name <= around]
        if names and not named:
            continue
        # The other names are not this sentence's to hold: a comparison is answered one thing at a time.
        asked = wanted - set().union(*names) | set().union(*named)
        share = len(asked & around) / max(1, len(asked))
        # A title says what a passage is about; what it says on that is for the sentence to hold.
        if _numbers(asked) <= around and ((asked - title) or asked) & words:
            yield Quoted(passage, sentence, share, (share + len(asked & words) / 20, -position), frozenset(around))
