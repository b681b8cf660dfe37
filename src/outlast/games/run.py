"""One game, from the first question to the answer: the same code with Temporal and without.

It knows no engine: what differs stands behind `Host`, and whether a step is recorded is the business of the agents that
it is given. On Temporal this is workflow code, so nothing here may do I/O, read a clock or draw a random number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pydantic_ai.capabilities.abstract import WrapModelRequestHandler, WrapToolExecuteHandler
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models import ModelRequestContext
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import UsageLimits

from outlast.errors import JobFailedError
from outlast.games import prompts
from outlast.games.agents import GameAgents
from outlast.games.gate import GameDeps
from outlast.games.judging import invented, is_right
from outlast.games.models import Answer, GameResult, GameRole, GameSpec, Guess, Turn
from outlast.games.state import GameProgress, GameSetup, GameStage, GameState, OracleQuestion
from outlast.hosting.host import STEP_FAILURES, JobHost, reason_of
from outlast.hosting.spending import Spending

REQUESTS_BEYOND = 8
"""Requests that a questioner may make beside one for each question: its answer, and slips that are sent back."""

NO_QUESTIONS_LEFT = "No questions are left: submit your answer."
CANT_TELL = "The oracle can't tell: the Factbook has nothing on it. Ask about place, size, people, neighbours or names."


class Host(JobHost, Protocol):
    """What a game leaves to the engine it runs on."""

    async def setup(self, spec: GameSpec) -> GameSetup:
        """Check what the game needs before its first step, and say which model each role uses."""
        ...

    async def consult(self, question: OracleQuestion) -> Answer | None:
        """Ask the oracle; None where it can't tell."""
        ...


class GameRun:
    """A game under way.

    Args:
        spec: What is played; its budget may be replaced while the game goes on.
        agents: The agents, durable or not.
        host: The engine.
        state: What is recorded, empty at first.
    """

    def __init__(self, spec: GameSpec, agents: GameAgents, host: Host, state: GameState) -> None:
        self.spec = spec
        self.state = state
        self.stage = GameStage.PLAYING
        self._agents = agents
        self._host = host
        self._spending = Spending(spec, state.meter, host)
        self._setup = GameSetup(models={})
        self._failures = (*STEP_FAILURES, *host.step_failures)

    async def play(self) -> GameResult:
        """Play the game to its end, won or lost.

        Raises:
            JobFailedError: it ends without an answer; the message says why.
        """
        self._setup = await self._host.setup(self.spec)
        self._host.changed()
        try:
            guess = await self._guess()
        except self._failures as error:
            raise JobFailedError(f"The game broke off after {self._asked}: {reason_of(error)}") from error
        self.stage = GameStage.COMPLETE
        self._host.changed()
        return GameResult(
            secret=self.spec.secret,
            won=is_right(guess.answer, self.spec.secret, self._setup.aliases),
            answer=guess.answer,
            explanation=guess.explanation,
            evidence=guess.evidence,
            invented=invented(guess.evidence, self.state.turns),
            turns=self.state.turns,
            usage=self.state.meter.by_role,
            models={role.value: name for role, name in self._setup.models.items()},
        )

    def progress(self) -> GameProgress:
        """What people see of it."""
        return GameProgress(
            stage=self.stage,
            turns=list(self.state.turns),
            max_questions=self.spec.max_questions,
            usage=self.state.meter.total,
            waiting_for=self._spending.waiting_for,
        )

    # What the gate asks.

    async def request(
        self, deps: GameDeps, send: WrapModelRequestHandler, context: ModelRequestContext
    ) -> ModelResponse:
        """Admit, send and record one model request of either agent."""
        await self._spending.admit()
        return await self._spending.send(deps.role.value, send, context)

    async def call(self, deps: GameDeps, tool: str, args: Mapping[str, Any], execute: WrapToolExecuteHandler) -> Any:
        """Have one question asked, answered and recorded; what comes back is the answer alone."""
        await self._host.may_proceed()
        if len(self.state.turns) >= self.spec.max_questions:
            return NO_QUESTIONS_LEFT
        # A question that leaves no request for the answer was asked in vain.
        if self._spending.concludes and (bound := self._spending.bound(searching=True)):
            return f"No questions are left, since the budget is used up: {bound}. Submit your answer."
        question: str = await execute(dict(args))
        answer = await self._answer(question, len(self.state.turns) + 1)
        self.state.turns.append(Turn(question=question, answer=answer))
        self._host.changed()
        return CANT_TELL if answer is None else answer.value

    # The two sides of the table.

    async def _guess(self) -> Guess:
        run = await self._agents.questioner.run(
            prompts.questioner_task(self.spec),
            model=self._setup.models[GameRole.QUESTIONER],
            deps=self._deps(GameRole.QUESTIONER),
            model_settings=self._settings(),
            usage_limits=UsageLimits(request_limit=self.spec.max_questions + REQUESTS_BEYOND),
        )
        return run.output

    async def _answer(self, question: str, number: int) -> Answer | None:
        deps = self._deps(GameRole.ANSWERER, question=number)
        if self.spec.oracle:
            return await self._host.consult(OracleQuestion(secret=self.spec.secret, question=question, deps=deps))
        run = await self._agents.answerer.run(
            prompts.answerer_task(self.spec.secret, question),
            model=self._setup.models[GameRole.ANSWERER],
            deps=deps,
            model_settings=self._settings(),
        )
        return run.output.reply

    def _deps(self, role: GameRole, question: int = 0) -> GameDeps:
        deps = GameDeps(role=role, question=question, failure_rate=self.spec.failure_rate, seed=self.spec.seed or 0)
        return deps.of_run(self)

    def _settings(self) -> ModelSettings:
        settings = ModelSettings(parallel_tool_calls=False)
        if self.spec.seed is not None:
            settings["seed"] = self.spec.seed
        return settings

    @property
    def _asked(self) -> str:
        return f"{len(self.state.turns)} question" + ("" if len(self.state.turns) == 1 else "s")
