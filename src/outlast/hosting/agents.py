"""What the agents of every kind of job have in common."""

from __future__ import annotations

from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models.function import AgentInfo, FunctionModel

from outlast.errors import ModelSetupError


def _refuse(_messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
    raise ModelSetupError("This agent was run without a model: every run names the one of its role.")


UNCHOSEN = FunctionModel(_refuse, model_name="unchosen")
"""Stands where the library wants a default model: jobs choose theirs by name, at each run."""
