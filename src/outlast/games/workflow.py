"""Twenty Questions as a Temporal workflow: the twin of `stateless.py`.

Workflow code: deterministic, no I/O, outside the SDK's sandbox (docs/adr/0002). A game is at most a hundred questions
long, some two thousand events, so it never has to continue as new.
"""

from __future__ import annotations

from temporalio import workflow

from outlast.games.agents import GameAgents
from outlast.games.models import Answer, GameResult, GameSpec
from outlast.games.run import GameRun
from outlast.games.spec import WORKFLOW_TYPE
from outlast.games.state import GameInput, GameProgress, GameSetup, GameState, OracleQuestion
from outlast.hosting.workflow import JobWorkflow

SETUP_ACTIVITY = "outlast__game_setup"
ORACLE_ACTIVITY = "outlast__oracle"

_agents: GameAgents | None = None
_policy: workflow.ActivityConfig = {}


def install(agents: GameAgents, policy: workflow.ActivityConfig) -> None:
    """Give the games of this process their agents, built outside of workflows, and the policy of oracle steps."""
    global _agents, _policy
    _agents, _policy = agents, policy


@workflow.defn(name=WORKFLOW_TYPE)
class TwentyQuestions(JobWorkflow):
    """One game."""

    @workflow.init
    def __init__(self, game: GameInput) -> None:
        if _agents is None:
            raise RuntimeError("install() has to be called before a worker starts.")
        spec = game.spec.model_copy(deep=True)
        self.begin(spec)
        self._run = GameRun(spec, _agents, self, GameState())

    @workflow.run
    async def run(self, game: GameInput) -> GameResult:
        """Play it."""
        return await self.ended(self._run.play())

    # Host: what a run leaves to its engine.

    async def setup(self, spec: GameSpec) -> GameSetup:
        """Check what the game needs, where the worker's settings are."""
        return await self.checked(SETUP_ACTIVITY, spec, GameSetup)

    async def consult(self, question: OracleQuestion) -> Answer | None:
        """Ask the oracle, which is a step."""
        said: str | None = await workflow.execute_activity(ORACLE_ACTIVITY, question, result_type=str, **_policy)
        return None if said is None else Answer(said)

    def changed(self) -> None:
        """Publish progress to visibility."""
        self.publish(self._run.stage.value, self._run.progress().word)

    # What people ask.

    @workflow.query
    def progress(self) -> GameProgress:
        """Where the game is."""
        return self._run.progress()
