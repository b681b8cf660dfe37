"""What a step of a game is told of it; `hosting/gate.py` leads it past the run. The secret is not among it."""

from __future__ import annotations

from outlast.games.models import GameRole
from outlast.hosting.gate import GatedDeps, GatedRun


class GameDeps(GatedDeps[GatedRun["GameDeps"]]):
    """What a step of a game is told."""

    role: GameRole
    question: int = 0
    """Number of the question that is answered; 0 for the questioner's steps."""
    failure_rate: float = 0.0
    seed: int = 0
