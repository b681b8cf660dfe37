"""Reads a request of a game: what kind of secret it is, how many questions there are, and what was played so far."""

from __future__ import annotations

import re
from dataclasses import dataclass

from outlast.games.models import Answer
from outlast.games.models import Turn as Played
from outlast.offline.roles.task import calls, parse
from outlast.offline.turn import Turn

ASK = "ask_question"
"""The tool that the questioner asks with."""

_GUESS = re.compile(r"^is (?:it|the secret) (?:an? |the )?(?P<name>[^?]+?)\s*\??$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Game:
    """What one request tells of a game."""

    kind: str = ""
    """What the secret is: `a thing`, `a country ...`; empty in the answerer's task."""
    max_questions: int = 20
    secret: str = ""
    """Known to the answerer alone."""
    question: str = ""
    """What the answerer is asked."""
    played: tuple[Played, ...] = ()
    over: bool = False
    """Whether the last question was refused: an answer is due."""


def read_game(turn: Turn) -> Game:
    """Read a request; one that holds no game is a game of things."""
    text = next((message.text for message in turn.messages if message.role == "user"), "")
    node = parse(text).find("game")
    if node is None:
        return Game(played=_played(turn))
    limit = node.value("max_questions")
    return Game(
        kind=node.value("secret_is"),
        max_questions=int(limit) if limit.isdecimal() else 20,
        secret=node.value("secret"),
        question=node.value("question"),
        played=_played(turn),
        over=any(message.answers == ASK and "No questions are left" in message.text for message in turn.messages),
    )


def guessed(question: str) -> str:
    """The name that a guess such as "Is it a potato?" gives; empty for other questions."""
    found = _GUESS.match(question.strip())
    return found["name"] if found else ""


def _played(turn: Turn) -> tuple[Played, ...]:
    asked = [str(call.arguments.get("question", "")).strip() for call in calls(turn, ASK)]
    heard = [message.text.strip() for message in turn.messages if message.answers == ASK]
    return tuple(
        Played(question=question[:300], answer=_answer(text))
        for question, text in zip(asked, heard, strict=False)
        if question
    )


def _answer(text: str) -> Answer | None:
    return next((answer for answer in Answer if answer.value == text.casefold()), None)
