"""The gate that every step of an agent passes on its way out, and the deps that know the run behind it.

Runs in workflow code on Temporal, where nothing here may do I/O or read a clock. In an activity `GatedDeps.run` is
None: deps cross the boundary without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, PrivateAttr
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.capabilities.abstract import WrapModelRequestHandler, WrapToolExecuteHandler
from pydantic_ai.messages import ModelResponse, ToolCallPart
from pydantic_ai.models import ModelRequestContext
from pydantic_ai.tools import RunContext, ToolDefinition

DepsT = TypeVar("DepsT", bound="GatedDeps[Any]")
DepsInT = TypeVar("DepsInT", contravariant=True)
RunT = TypeVar("RunT")


class GatedRun(Protocol[DepsInT]):
    """What the gate asks of the run behind it."""

    async def request(
        self, deps: DepsInT, send: WrapModelRequestHandler, context: ModelRequestContext
    ) -> ModelResponse:
        """Admit, send and record one model request."""
        ...

    async def call(self, deps: DepsInT, tool: str, args: Mapping[str, Any], execute: WrapToolExecuteHandler) -> Any:
        """Admit and execute one tool call."""
        ...


class GatedDeps(BaseModel, Generic[RunT]):
    """What a step is told of its job. It is recorded with every step, so it stays small."""

    model_config = ConfigDict(extra="forbid")

    _run: RunT | None = PrivateAttr(default=None)

    @property
    def run(self) -> RunT | None:
        """The run, where the agent loop runs; None inside a step."""
        return self._run

    def of_run(self, run: RunT) -> Self:
        """The same deps, knowing their run."""
        self._run = run
        return self


class StepGate(AbstractCapability[DepsT], Generic[DepsT]):
    """Leads every model request and tool call of an agent past the run."""

    async def wrap_model_request(
        self,
        ctx: RunContext[DepsT],
        *,
        request_context: ModelRequestContext,
        handler: WrapModelRequestHandler,
    ) -> ModelResponse:
        """Admit, send, record."""
        run: GatedRun[DepsT] | None = ctx.deps.run
        if run is None:
            return await handler(request_context)
        return await run.request(ctx.deps, handler, request_context)

    async def wrap_tool_execute(
        self,
        ctx: RunContext[DepsT],
        *,
        call: ToolCallPart,
        tool_def: ToolDefinition,
        args: dict[str, Any],
        handler: WrapToolExecuteHandler,
    ) -> Any:
        """Admit and execute."""
        run: GatedRun[DepsT] | None = ctx.deps.run
        if run is None:
            return await handler(args)
        return await run.call(ctx.deps, tool_def.name, args, handler)
