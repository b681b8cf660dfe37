"""Builds the worker: agents, activities, workflows, and how long each kind of death goes unnoticed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from pydantic_ai.durable_exec.temporal import TemporalDurability
from temporalio import activity
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import Interceptor, UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

from outlast.durable.interceptor import StepInterceptor
from outlast.durable.limits import Limits
from outlast.durable.observer import Observers, StepObserver
from outlast.durable.policy import CACHED_JOBS, STICKY_TIMEOUT, WORKFLOW_TASKS, step_policy
from outlast.games import workflow as games
from outlast.games.agents import GameAgents, build_game_agents
from outlast.games.gate import GameDeps
from outlast.games.models import Answer, GameSpec
from outlast.games.oracle import consult
from outlast.games.setup import check_game
from outlast.games.state import GameSetup, OracleQuestion
from outlast.job.spec import ResearchJobSpec
from outlast.llm.resolve import ModelBook
from outlast.research.agents import ResearchAgents, build_agents
from outlast.research.gate import StepDeps
from outlast.research.setup import check_job
from outlast.research.state import Role
from outlast.research.workflow import SETUP_ACTIVITY, DeepResearch, install
from outlast.settings import Settings
from outlast.sources.registry import Sources
from outlast.telemetry.job_spans import JobSpans
from outlast.telemetry.spans import RetryEvents, StepSpans
from outlast.telemetry.tracing import tracing


def durable_agents(settings: Settings, models: ModelBook, sources: Sources) -> ResearchAgents:
    """The agents of research with every model request and tool call a recorded step."""
    policy = step_policy(settings.heartbeat_seconds)

    def durability() -> TemporalDurability[StepDeps]:
        return TemporalDurability(activity_config=policy, model_activity_config=policy)

    return build_agents(models=models, sources=sources, servers=sources.toolsets(), durability=durability)


def durable_game_agents(settings: Settings, models: ModelBook) -> GameAgents:
    """The agents of a game, likewise."""
    policy = step_policy(settings.heartbeat_seconds)

    def durability() -> TemporalDurability[GameDeps]:
        return TemporalDurability(activity_config=policy, model_activity_config=policy)

    return build_game_agents(models=models, durability=durability)


def install_agents(settings: Settings, models: ModelBook, sources: Sources) -> None:
    """Give the workflows of this process their agents."""
    research, players = durable_agents(settings, models, sources), durable_game_agents(settings, models)
    install(research)
    games.install(players, step_policy(settings.heartbeat_seconds))
    DeepResearch.__pydantic_ai_agents__ = list(research)
    games.TwentyQuestions.__pydantic_ai_agents__ = list(players)


def build_worker(
    client: Client,
    settings: Settings,
    *,
    task_queue: str | None = None,
    observer: StepObserver | None = None,
    interceptors: Sequence[Interceptor] = (),
    steps: bool = True,
    models: ModelBook | None = None,
    sources: Sources | None = None,
) -> Worker:
    """Build a worker; running it is the caller's.

    Args:
        client: A connection made by `connect`.
        settings: Of this process.
        task_queue: Instead of the one in the settings.
        observer: Told of every attempt at a step.
        interceptors: More of them, such as the one that measures replays.
        steps: Whether it carries out steps; without, it lets workflows answer and decide, and pays for nothing.
        models: Instead of those that the settings name; closing them is the caller's.
        sources: Instead of those that the settings name.
    """
    models = models or ModelBook(settings)
    sources = sources or Sources(settings)
    install_agents(settings, models, sources)

    @activity.defn(name=SETUP_ACTIVITY)
    async def setup(spec: ResearchJobSpec) -> dict[Role, str]:
        return check_job(spec, settings, models, sources.check)

    @activity.defn(name=games.SETUP_ACTIVITY)
    async def game_setup(spec: GameSpec) -> GameSetup:
        return check_game(spec, settings, models)

    @activity.defn(name=games.ORACLE_ACTIVITY)
    async def oracle(question: OracleQuestion) -> Answer | None:
        return await asyncio.to_thread(consult, question)

    traces = tracing(settings)
    heard = [*([observer] if observer else []), *([RetryEvents()] if traces else [])]
    throttle = timedelta(seconds=settings.heartbeat_seconds / 3)
    return Worker(
        client,
        task_queue=task_queue or settings.task_queue,
        workflows=[DeepResearch, games.TwentyQuestions],
        activities=[setup, game_setup, oracle],
        interceptors=[
            *([StepSpans(traces)] if traces else []),
            StepInterceptor(client.data_converter, Limits.of(settings), Observers(*heard)),
            *interceptors,
            *([JobSpans(traces)] if traces else []),
        ],
        no_remote_activities=not steps,
        workflow_runner=UnsandboxedWorkflowRunner(),
        workflow_task_executor=ThreadPoolExecutor(WORKFLOW_TASKS, thread_name_prefix="workflow"),
        max_concurrent_workflow_tasks=WORKFLOW_TASKS,
        max_cached_workflows=CACHED_JOBS,
        max_concurrent_activities=settings.max_concurrent_steps,
        sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
        # The SDK holds heartbeats back to 80% of their timeout by default: one lost beat and a living worker is dead.
        max_heartbeat_throttle_interval=throttle,
        default_heartbeat_throttle_interval=throttle,
        graceful_shutdown_timeout=timedelta(seconds=settings.drain_seconds),
        deployment_config=_deployment(settings),
    )


def _deployment(settings: Settings) -> WorkerDeploymentConfig | None:
    if settings.build_id is None:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=settings.deployment, build_id=settings.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )
