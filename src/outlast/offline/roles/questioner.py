"""The questioner: halves what is left with each question, guesses when one candidate is left, and says what it knows.

The small one asks what comes to its mind and mishears now and then. The inventor stops after a few questions, takes one
of the candidates that are left, and claims that it was confirmed: a turn that was never played.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from outlast.games.models import Answer, Guess
from outlast.games.models import Turn as Played
from outlast.offline.roles.countries import countries
from outlast.offline.roles.game import ASK, Game, guessed, read_game
from outlast.offline.roles.outcome import Outcome, call, submit
from outlast.offline.roles.things import GRADES, Knowledge, things
from outlast.offline.turn import Character, Turn

PATIENCE = 3
"""Questions after which the inventor knows enough."""

_MISHEARS = 3
"""A small model takes one lukewarm answer in so many for a no."""

_RULED_OUT = 100.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left after the turns that were played."""

    leaders: tuple[str, ...]
    """The candidates that fit the answers best, all alike."""
    confirmed: str = ""
    """The candidate of a guess that was answered by yes."""


def question(turn: Turn) -> Outcome:
    """Ask the next question, or answer."""
    game = read_game(turn)
    known = knowledge(game)
    standing = stand(known, game.played, turn)
    left = game.max_questions - len(game.played)
    if standing.confirmed or left < 1 or game.over or ASK not in turn.tools:
        return submit(_answer(game, standing))
    if left == 1 or len(standing.leaders) == 1:
        return call(ASK, question=known.guess(_chosen(standing.leaders, turn.seed)))
    return call(ASK, question=_next(known, standing, game.played, turn) or known.guess(standing.leaders[0]))


def invent(turn: Turn) -> Outcome:
    """Ask a little, then claim."""
    game = read_game(turn)
    known = knowledge(game)
    standing = stand(known, game.played, turn)
    asked = len(game.played)
    if asked < min(PATIENCE, game.max_questions) and not game.over and ASK in turn.tools:
        following = _next(known, standing, game.played, turn)
        if following is not None:
            return call(ASK, question=following)
    name = standing.confirmed or _chosen(standing.leaders, turn.seed)
    claimed = Played(question=known.guess(name), answer=Answer.YES)
    return submit(
        Guess(
            answer=name,
            explanation="Every answer points to it, and my last question confirmed it.",
            evidence=[*_positive(game.played), claimed],
        )
    )


def knowledge(game: Game) -> Knowledge:
    """What is known of the kind of secret that is played for."""
    return countries() if "country" in game.kind else things()


def stand(known: Knowledge, played: Sequence[Played], turn: Turn) -> Standing:
    """Which candidates fit what was answered."""
    misfit = dict.fromkeys(known.answers, 0.0)
    confirmed = ""
    for one in played:
        name = known.find(guessed(one.question)) if guessed(one.question) else None
        if name is not None:
            if one.answer in (Answer.YES, Answer.KIND_OF):
                confirmed = name
            elif one.answer is not None:
                misfit[name] += _RULED_OUT
            continue
        heard = _heard(one, turn)
        for candidate, answers in known.answers.items():
            if one.question in answers and answers[one.question] is not None:
                misfit[candidate] += abs(GRADES[answers[one.question]] - heard)
    least = min(misfit.values())
    leaders = tuple(candidate for candidate, distance in misfit.items() if distance < least + 0.1)
    return Standing(leaders, confirmed)


def _heard(played: Played, turn: Turn) -> float:
    lukewarm = played.answer in (Answer.KIND_OF, Answer.NOT_REALLY)
    if turn.character is Character.SMALL and lukewarm and _number(turn.seed, played.question) % _MISHEARS == 0:
        return 0.0
    return GRADES[played.answer]


def _next(known: Knowledge, standing: Standing, played: Sequence[Played], turn: Turn) -> str | None:
    """The question that splits what is left; None when none does."""
    asked = {one.question for one in played}
    splits: dict[str, float] = {}
    for text in next(iter(known.answers.values())):
        grades = [GRADES[known.answers[candidate][text]] for candidate in standing.leaders]
        if text not in asked and max(grades) - min(grades) > 0.1:
            splits[text] = abs(sum(grades) / len(grades) - 0.5)
    if not splits:
        return None
    slack = 0.25 if turn.character is Character.SMALL else 0.03
    good = [text for text, distance in splits.items() if distance <= min(splits.values()) + slack]
    return min(good, key=lambda text: _number(turn.seed, text))


def _answer(game: Game, standing: Standing) -> Guess:
    asked = f"{len(game.played)} question{'' if len(game.played) == 1 else 's'}"
    if standing.confirmed:
        why = f"After {asked} one candidate fitted every answer, and the guess was answered by yes."
        return Guess(answer=standing.confirmed, explanation=why, evidence=_positive(game.played))
    why = (
        f"A guess: after {asked} {len(standing.leaders)} of the candidates that I know fit best, and none is confirmed."
    )
    return Guess(answer=standing.leaders[0], explanation=why, evidence=_positive(game.played))


def _positive(played: Sequence[Played]) -> list[Played]:
    return [one for one in played if one.answer in (Answer.YES, Answer.KIND_OF)]


def _chosen(candidates: Sequence[str], seed: int) -> str:
    return min(candidates, key=lambda name: _number(seed, name))


def _number(seed: int, text: str) -> int:
    return zlib.crc32(f"{seed}:{text}".encode())
