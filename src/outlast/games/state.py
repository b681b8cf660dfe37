"""What a game has so far, what its steps are told, and the progress that people see."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel

from outlast.games.gate import GameDeps
from outlast.games.models import GameRole, GameSpec, Turn
from outlast.hosting.progress import progress_word
from outlast.usage.meter import Meter, Usage


class GameSetup(BaseModel):
    """What the set-up found."""

    models: dict[GameRole, str]
    """Model by role."""
    aliases: list[str] = []
    """Other names of a secret that is a country."""


class OracleQuestion(BaseModel):
    """What the oracle is asked."""

    secret: str
    question: str
    deps: GameDeps
    """Of the answering step."""


class GameStage(StrEnum):
    """Where a game is."""

    PLAYING = "Playing"
    COMPLETE = "Complete"


class GameState(BaseModel):
    """What is recorded so far."""

    turns: list[Turn] = []
    meter: Meter = Meter()


class GameInput(BaseModel):
    """What a game is started with."""

    spec: GameSpec


class GameProgress(BaseModel):
    """What people see of a game under way: recorded turns and no more."""

    stage: GameStage
    turns: list[Turn] = []
    max_questions: int
    usage: Usage = Usage()
    waiting_for: str | None = None
    """What a person has to do before it goes on; None when it needs nobody."""

    @property
    def word(self) -> str:
        """As visibility lists it."""
        return progress_word(self.stage.value, len(self.turns), self.max_questions, self.usage)
