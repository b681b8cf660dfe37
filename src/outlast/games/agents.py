"""The two agents, built once a process and outside of workflows.

Agent names, the toolset id, and the names of tools are durable contracts: recorded histories hold them, and the offline
models tell a role by its output tool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic_ai import Agent, FunctionToolset, ModelRetry, RunContext, ToolOutput
from pydantic_ai.capabilities import AbstractCapability, ResolveModelId
from pydantic_ai.models import Model, ModelResolutionContext

from outlast.games import prompts
from outlast.games.failures import UnreliableModel, strike
from outlast.games.gate import GameDeps
from outlast.games.models import MAX_QUESTION, GameRole, Guess, Reply
from outlast.hosting.agents import UNCHOSEN
from outlast.hosting.gate import StepGate
from outlast.llm.resolve import ModelBook

ASK = "ask_question"
"""Name of the tool that the questioner asks with."""

OUTPUT_RETRIES = 2
"""How often an answer that does not validate is asked for again."""

Durability = Callable[[], AbstractCapability[GameDeps]]
"""Makes the capability that turns an agent's requests and calls into recorded steps, one an agent."""


@dataclass(frozen=True, slots=True)
class GameAgents:
    """The agents of a game."""

    questioner: Agent[GameDeps, Guess]
    answerer: Agent[GameDeps, Reply]

    def __iter__(self) -> Iterator[Agent[GameDeps, Any]]:
        return iter((self.questioner, self.answerer))


def build_game_agents(*, models: ModelBook, durability: Durability | None = None) -> GameAgents:
    """Build the agents.

    Args:
        models: Resolves the model names that runs are given.
        durability: Makes steps recorded; None plays with the identical agents in this process alone.
    """

    def resolved(ctx: ModelResolutionContext[GameDeps], name: str) -> Model:
        model = models.get(name)
        return UnreliableModel(model, ctx.deps) if ctx.deps.failure_rate else model

    def agent(role: GameRole, output: Any, instructions: str, toolsets: list[FunctionToolset[GameDeps]]) -> Any:
        by_name: AbstractCapability[GameDeps] = ResolveModelId(resolved)
        return Agent(
            UNCHOSEN,
            name=role.value,
            deps_type=GameDeps,
            output_type=output,
            instructions=instructions,
            toolsets=toolsets,
            capabilities=[StepGate(), by_name, *([durability()] if durability else [])],
            retries={"tools": 2, "output": OUTPUT_RETRIES},
        )

    return GameAgents(
        questioner=agent(
            GameRole.QUESTIONER, ToolOutput(Guess, name="submit_answer"), prompts.QUESTIONER, [_game_toolset()]
        ),
        answerer=agent(GameRole.ANSWERER, ToolOutput(Reply, name="submit_reply"), prompts.ANSWERER, []),
    )


def _game_toolset() -> FunctionToolset[GameDeps]:
    toolset: FunctionToolset[GameDeps] = FunctionToolset(id="game")

    # One after the other: what is asked follows from what was answered.
    @toolset.tool(name=ASK, sequential=True)
    async def ask_question(ctx: RunContext[GameDeps], question: str) -> str:
        """Ask one question about the secret, to be answered by yes or no.

        Args:
            question: One sentence.
        """
        # The step takes the question; who answers it is asked where the agent loop runs, so that the answerer's model
        # request is a step of its own (docs/adr/0009).
        strike(ctx.deps, f"ask {question}")
        line = " ".join(question.split())
        if not 0 < len(line) <= MAX_QUESTION:
            raise ModelRetry(f"Ask one question of 1 to {MAX_QUESTION} characters, not of {len(line)}.")
        return line

    return toolset
