"""Plays a game in this process alone: the identical core, and nothing is kept when the process dies.

Nor is anything tried again: Temporal is the layer that does. A simulated failure ends a game here.
"""

from __future__ import annotations

from collections.abc import Callable

from outlast.games.agents import GameAgents
from outlast.games.models import Answer, GameResult, GameSpec
from outlast.games.oracle import consult
from outlast.games.run import GameRun
from outlast.games.state import GameProgress, GameSetup, GameState, OracleQuestion
from outlast.hosting.stateless import StatelessHost


class StatelessGameHost(StatelessHost[GameProgress]):
    """A game that nothing outlives.

    Args:
        setup: Checks what the game needs.
        changed: Called when progress changed.
    """

    def __init__(self, setup: Callable[[GameSpec], GameSetup], changed: Callable[[], None] = lambda: None) -> None:
        super().__init__(changed)
        self._setup = setup

    async def setup(self, spec: GameSpec) -> GameSetup:
        """Check what the game needs."""
        return self._setup(spec)

    async def consult(self, question: OracleQuestion) -> Answer | None:
        """Ask the oracle."""
        return consult(question)


async def play_stateless(spec: GameSpec, agents: GameAgents, host: StatelessGameHost) -> GameResult:
    """Play a game in this process."""
    run = GameRun(spec, agents, host, GameState())
    host.progress = run.progress
    return await run.play()
