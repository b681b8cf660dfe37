"""The gate that every step passes on its way out: budget before it, record after it, identical searches once.

Runs in workflow code on Temporal, where nothing here may do I/O or read a clock. In an activity `StepDeps.run` is None:
deps cross the boundary without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, PrivateAttr
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.capabilities.abstract import WrapModelRequestHandler, WrapToolExecuteHandler
from pydantic_ai.messages import ModelResponse, ToolCallPart
from pydantic_ai.models import ModelRequestContext
from pydantic_ai.tools import RunContext, ToolDefinition

from outlast.research.state import Role
from outlast.sources.passage import Passage


class GatedRun(Protocol):
    """What the gate asks of the run behind it."""

    @property
    def max_searches(self) -> int:
        """The most searches that the plan may hold."""
        ...

    @property
    def passages(self) -> Mapping[str, Passage]:
        """Every passage that any tool returned so far."""
        ...

    async def request(
        self, deps: StepDeps, send: WrapModelRequestHandler, context: ModelRequestContext
    ) -> ModelResponse:
        """Admit, send and record one model request."""
        ...

    async def call(self, role: Role, tool: str, args: Mapping[str, Any], execute: WrapToolExecuteHandler) -> Any:
        """Admit one tool call, or answer it from an identical earlier one."""
        ...


class StepDeps(BaseModel):
    """What a step is told of its job. It is recorded with every step, so it stays small."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    sources: list[str]

    _run: GatedRun | None = PrivateAttr(default=None)
    _search: int | None = PrivateAttr(default=None)

    @property
    def run(self) -> GatedRun | None:
        """The run, where the agent loop runs; None inside a step."""
        return self._run

    @property
    def search(self) -> int | None:
        """Which search of the plan the agent serves, where the agent loop runs; None for the other roles."""
        return self._search

    @classmethod
    def of(cls, run: GatedRun, *, role: Role, sources: list[str], search: int | None = None) -> StepDeps:
        """Deps that know their run."""
        deps = cls(role=role, sources=sources)
        deps._run = run
        deps._search = search
        return deps


class StepGate(AbstractCapability[StepDeps]):
    """Leads every model request and tool call of an agent past the run."""

    async def wrap_model_request(
        self,
        ctx: RunContext[StepDeps],
        *,
        request_context: ModelRequestContext,
        handler: WrapModelRequestHandler,
    ) -> ModelResponse:
        """Admit, send, record."""
        if ctx.deps.run is None:
            return await handler(request_context)
        return await ctx.deps.run.request(ctx.deps, handler, request_context)

    async def wrap_tool_execute(
        self,
        ctx: RunContext[StepDeps],
        *,
        call: ToolCallPart,
        tool_def: ToolDefinition,
        args: dict[str, Any],
        handler: WrapToolExecuteHandler,
    ) -> Any:
        """Admit and execute, or answer from an identical call."""
        if ctx.deps.run is None:
            return await handler(args)
        return await ctx.deps.run.call(ctx.deps.role, tool_def.name, args, handler)
