"""Whether an answer is the secret, and whether what it rests on was played. Pure, and asks no model."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from outlast.games.models import Turn

_ARTICLE = re.compile(r"^(?:a|an|the|some)\s+")
_NO_WORD = re.compile(r"[^\w]+")


def is_right(answer: str, secret: str, aliases: Sequence[str] = ()) -> bool:
    """Whether an answer names the secret: case, accents, articles, punctuation and a plural are let pass.

    Args:
        answer: The questioner's.
        secret: As it was given.
        aliases: Other names of the secret.
    """
    return folded(answer) in {folded(name) for name in (secret, *aliases)}


def invented(evidence: Sequence[Turn], turns: Sequence[Turn]) -> list[Turn]:
    """The turns of the evidence that were never played."""
    played = {(folded(turn.question), turn.answer) for turn in turns}
    return [turn for turn in evidence if (folded(turn.question), turn.answer) not in played]


def folded(text: str) -> str:
    """A name as it is compared."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    words = _ARTICLE.sub("", _NO_WORD.sub(" ", bare).strip())
    return re.sub(r"(?<=[^s])(?:es|s)$", "", words)
