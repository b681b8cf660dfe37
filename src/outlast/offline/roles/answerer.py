"""The answerer: knows the secret, and answers by what it knows of it; of one it never heard of, next to nothing."""

from __future__ import annotations

import re

from outlast.games.judging import is_right
from outlast.games.models import Answer, Reply
from outlast.offline.roles.game import guessed, read_game
from outlast.offline.roles.outcome import Outcome, submit
from outlast.offline.roles.prose import content_words
from outlast.offline.roles.things import things
from outlast.offline.turn import Turn


def reply(turn: Turn) -> Outcome:
    """Answer one question."""
    game = read_game(turn)
    return submit(Reply(reply=_answer(game.secret, game.question)))


def _answer(secret: str, question: str) -> Answer:
    known = things()
    thing = known.find(secret)
    traits = known.answers[thing] if thing else {}
    if (exact := traits.get(question)) is not None:
        return exact
    name = guessed(question)
    if name and is_right(name, secret):
        return Answer.YES
    if name and (known.find(name) or _names_a_thing(question)):
        return Answer.COMPLETELY_WRONG
    near = _nearest(question)
    return traits.get(near) or Answer.NOT_REALLY if near else Answer.NOT_REALLY


def _names_a_thing(question: str) -> bool:
    """Whether a guess has the form of one, `Is it a lute?`, and asks for no trait."""
    return re.match(r"is it an? \w+\??$", question.strip(), re.IGNORECASE) is not None and not _nearest(question)


def _nearest(question: str) -> str:
    """The known question that shares most words with this one, empty when none shares any."""
    words = set(content_words(question))
    shared = {text: len(words & set(content_words(text))) for text in next(iter(things().answers.values()))}
    best = max(shared, key=lambda text: shared[text])
    return best if shared[best] else ""
