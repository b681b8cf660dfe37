"""How text becomes words, for passages and queries alike: what a query may match is decided here and nowhere else.

The index stores words that were already folded, so that the ranking can see in plain Python which words of a query a
passage holds. SQLite's own stemmers can't tell it that.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["MAX_QUERY_CHARACTERS", "MAX_QUERY_WORDS", "OPTIONAL", "STOP", "query_words", "words_of"]

MAX_QUERY_CHARACTERS = 1_000
"""What follows is not read: queries are written by a model, and nobody bounds a model."""

MAX_QUERY_WORDS = 40
"""Words after these are not looked up; each costs a read of the index."""

MAX_WORD_CHARACTERS = 64
"""Longer words are cut on both sides, so they still match themselves."""

_STOP = """
a about all also an and any are as at be been between by can could did do does each every find for from get give had
has have how i if in into is it its list look many me much my of off on one or our out please s search shall she should
show so some such tell than that the their them then there these they this those to up using was we were what when
where which who whom whose why will with would you your
"""
STOP = frozenset(_STOP.split())
"""Words that say nothing about what is asked."""

_OPTIONAL = """
available average biggest change compare comparison complete country current currently data date describe description
detail estimate estimated exact fact factbook figure general global great greatest high highest information key kingdom
large largest last latest least level long longest low lowest main major measure modern most nation number official
overall overview percent percentage place present quantity ranking recent relevant report republic short shortest size
small smallest statistic status summary term today top total type value versus volume vs world worldwide year
"""
OPTIONAL = frozenset(_OPTIONAL.split())
"""Words, without plurals, that help where a passage holds them, and whose absence means nothing."""

_WORD = re.compile(r"[^\W_]+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")


def words_of(text: str) -> list[str]:
    """Every word of a text in order: no case, no accents, no plurals, numbers without thousands separators."""
    return [_fold(word) for word in _WORD.findall(_plain(text))]


def query_words(query: str) -> list[str]:
    """The words of a query, bounded in number whatever it holds."""
    return words_of(query[:MAX_QUERY_CHARACTERS])[:MAX_QUERY_WORDS]


def _plain(text: str) -> str:
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _THOUSANDS.sub("", text).casefold()


@lru_cache(maxsize=65_536)
def _fold(word: str) -> str:
    """Cut the plural off (Harman's s-stemmer: it merges too little rather than too much)."""
    word = word[:MAX_WORD_CHARACTERS]
    if len(word) < 4 or not word.endswith("s") or word in STOP:
        return word
    if word.endswith("ies"):
        return word if word.endswith(("eies", "aies")) else word[:-3] + "y"
    if word.endswith(("us", "ss")):
        return word
    return word[:-1]
