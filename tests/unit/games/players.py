"""Scripted players, so that a test says in a few lines what each side does, and sees what each side was told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelResponse,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import RequestUsage

from outlast.games import atlas
from outlast.games.agents import build_game_agents
from outlast.games.models import GameResult, GameRole, GameSpec
from outlast.games.state import GameSetup
from outlast.games.stateless import StatelessGameHost, play_stateless
from outlast.llm.resolve import ModelBook
from outlast.offline.roles import respond
from outlast.offline.turn import Character, Message, ToolCall, Turn


def ask(question: str) -> ToolCallPart:
    """Ask."""
    return ToolCallPart("ask_question", {"question": question})


def answer(name: str, *evidence: tuple[str, str | None]) -> ToolCallPart:
    """Submit an answer."""
    turns = [{"question": question, "answer": said} for question, said in evidence]
    return ToolCallPart("submit_answer", {"answer": name, "explanation": "So it seems.", "evidence": turns})


@dataclass
class Table:
    """Two players: what the questioner does at each of its turns, and what the answerer says to each question."""

    moves: list[ToolCallPart | list[ToolCallPart]]
    answers: dict[str, str] = field(default_factory=dict)
    """By question; `no` to all others."""
    told: dict[str, list[str]] = field(default_factory=dict)
    """Everything that each side's model was sent, by output tool."""
    breaks: int = 0
    """How many requests of the answerer fail."""

    def get(self, name: str) -> Model:
        """The one model there is."""
        return FunctionModel(self._play, model_name=name)

    def _play(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        output = info.output_tools[0].name
        sent = ModelMessagesTypeAdapter.dump_json(messages).decode() + repr(info)
        self.told.setdefault(output, []).append(sent)
        if output == "submit_reply":
            said = next((said for asked, said in self.answers.items() if asked in sent), "no")
            parts: list[Any] = [ToolCallPart(output, {"reply": said})]
        else:
            turn = sum(isinstance(message, ModelResponse) for message in messages)
            move = self.moves[min(turn, len(self.moves) - 1)]
            parts = [*move] if isinstance(move, list) else [move]
        return ModelResponse(parts=parts, usage=RequestUsage(input_tokens=10, output_tokens=5), model_name="script")

    async def play(self, **spec: Any) -> GameResult:
        """Play to the end, without Temporal."""
        host = StatelessGameHost(_set_up)
        agents = build_game_agents(models=cast("ModelBook", self))
        return await play_stateless(GameSpec.model_validate({"secret": "potato", **spec}), agents, host)


def _set_up(spec: GameSpec) -> GameSetup:
    aliases = sorted(atlas.country(spec.secret).names) if spec.oracle else []
    return GameSetup(models=dict.fromkeys(GameRole, "script"), aliases=aliases)


class Rules(Table):
    """The offline models' own rules on both sides, in this process; the answerer is always the large one."""

    def __init__(self, character: Character) -> None:
        super().__init__(moves=[])
        self._character = character

    def _play(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        asks = info.output_tools[0].name == "submit_answer"
        seed: Any = (info.model_settings or {}).get("seed", 0)
        turn = Turn(
            character=self._character if asks else Character.LARGE,
            messages=tuple(_as_rules_see(messages)),
            tools={tool.name: tool.parameters_json_schema for tool in (*info.function_tools, *info.output_tools)},
            seed=seed,
        )
        parts = [ToolCallPart(call.name, call.arguments) for call in respond(turn).calls]
        return ModelResponse(parts=parts, usage=RequestUsage(input_tokens=10, output_tokens=5), model_name="rules")


def _as_rules_see(messages: list[ModelMessage]) -> Iterator[Message]:
    for message in messages:
        if isinstance(message, ModelResponse):
            calls = [part for part in message.parts if isinstance(part, ToolCallPart)]
            yield Message("assistant", "", calls=tuple(ToolCall(c.tool_name, c.args_as_dict()) for c in calls))
            continue
        for part in message.parts:
            if isinstance(part, UserPromptPart):
                yield Message("user", str(part.content))
            elif isinstance(part, ToolReturnPart):
                yield Message("tool", str(part.content), answers=part.tool_name)
