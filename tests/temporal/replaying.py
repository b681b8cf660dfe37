"""A replayer that is built as a worker is: the same agents, converter and interceptors, and no server."""

from __future__ import annotations

from pydantic_ai.durable_exec.temporal import PydanticAIPlugin
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from outlast.durable.converter import data_converter
from outlast.durable.interceptor import StepInterceptor
from outlast.durable.limits import Limits
from outlast.durable.worker import install_agents
from outlast.games.workflow import TwentyQuestions
from outlast.llm.resolve import ModelBook
from outlast.research.workflow import DeepResearch
from outlast.settings import Settings

from .script import ScriptedSources


def replayer() -> Replayer:
    """Replays jobs of this version; a step that history does not hold would be asked of nobody."""
    settings = Settings(offline_url="http://127.0.0.1:9")
    install_agents(settings, ModelBook(settings), ScriptedSources())
    converter = data_converter(settings)
    return Replayer(
        workflows=[DeepResearch, TwentyQuestions],
        data_converter=converter,
        plugins=[PydanticAIPlugin()],
        interceptors=[StepInterceptor(converter, Limits.of(settings))],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
