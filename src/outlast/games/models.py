"""What is exchanged in a game, and what it comes to.

The field descriptions are part of the prompts: a model reads them in the schema of its output tool. Field names are
durable contracts, since recorded histories hold them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from outlast.games.spec import GameModels, GameSpec
from outlast.usage.meter import Usage

__all__ = ["Answer", "GameModels", "GameResult", "GameRole", "GameSpec", "Guess", "Reply", "Turn"]

MAX_QUESTION = 300
"""Characters of a question at the most."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class GameRole(StrEnum):
    """The agents of a game; the values are their names, durable contracts of recorded histories."""

    QUESTIONER = "questioner"
    ANSWERER = "answerer"


class Answer(StrEnum):
    """All that an answerer can say, whatever it is asked: no question can make it spell the secret out."""

    YES = "yes"
    KIND_OF = "kind of"
    NOT_REALLY = "not really"
    NO = "no"
    COMPLETELY_WRONG = "completely wrong"
    """A guess at the secret itself that is not it."""


class Turn(_Model):
    """One question and its answer."""

    question: Line
    """The question, as it was asked."""
    answer: Answer | None
    """The answer, as it was given; null where the oracle could not tell."""


class Reply(_Model):
    """What the answerer says to one question."""

    reply: Answer
    """The answer. Use `completely wrong` only for a guess at the secret itself that is not it."""


class Guess(_Model):
    """What the questioner ends with."""

    answer: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION)]
    """What the secret is: its name alone."""
    explanation: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)]
    """How the answers lead to it, in one or two sentences."""
    evidence: Annotated[list[Turn], Field(max_length=100)] = []
    """The turns that it rests on, word for word as you asked and were answered; none that did not happen."""


class GameResult(BaseModel):
    """How a game ended."""

    secret: str
    won: bool
    """Whether the answer is the secret."""
    answer: str
    """The questioner's answer; empty when it never gave one."""
    explanation: str
    evidence: list[Turn]
    """The turns that the questioner rests its answer on, as it tells them."""
    invented: list[Turn]
    """Those of them that no recorded turn bears out."""
    turns: list[Turn]
    """Every recorded turn, in order."""
    usage: dict[str, Usage]
    """By role."""
    models: dict[str, str] = {}
    """Model by role; an oracle stands in no model's place."""

    @property
    def supported(self) -> bool:
        """Whether recorded turns bear the answer out: it rests on some, and every one of them was played."""
        return bool(self.evidence) and not self.invented

    @property
    def steps(self) -> int:
        """Questions that were asked, counted by recorded turns."""
        return len(self.turns)
