"""A game in the hands of `outlast play`: on Temporal, or in this process alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from outlast.cli.durable_run import DurableJob
from outlast.cli.exits import DONE
from outlast.cli.interrupt import Interrupts
from outlast.cli.link import Link
from outlast.cli.request import Request, differences
from outlast.cli.stateless_run import offline_here, one_step, unless_interrupted
from outlast.cli.story import Begun, Ended, Snapshot, View
from outlast.durable.games import Games
from outlast.errors import UsageError
from outlast.games.agents import build_game_agents
from outlast.games.models import GameResult, GameSpec
from outlast.games.setup import check_game, game_models
from outlast.games.state import GameProgress, GameStage
from outlast.games.stateless import StatelessGameHost, play_stateless
from outlast.llm.resolve import ModelBook
from outlast.render.game import GameDocument
from outlast.settings import Settings
from outlast.usage.meter import Usage

Deliver = Callable[[GameDocument], None]


class DurableGame(DurableJob[GameSpec, GameProgress, GameResult]):
    """A game on Temporal.

    Args:
        request: Which game.
        link: Where it is, or will be.
        view: Shows the transcript.
        deliver: Gets the result as soon as it is there.
        worker: As for every job.
        until_waiting: As for every job.
    """

    outcome = "transcript"

    def __init__(
        self,
        request: Request[GameSpec],
        link: Link,
        view: View[GameProgress],
        deliver: Deliver,
        *,
        worker: bool | None = None,
        until_waiting: bool = False,
    ) -> None:
        super().__init__(request, link, view, worker=worker, until_waiting=until_waiting)
        self._deliver = deliver

    def jobs(self, link: Link, task_queue: str) -> Games:
        """Games."""
        return Games(link.client, task_queue)

    async def check(self, spec: GameSpec, settings: Settings) -> None:
        """Check models, prices, and the country of an oracle."""
        await check_before_playing(spec, settings)

    def title(self, spec: GameSpec) -> str:
        """What is played; the secret is nobody's business before the end."""
        return title(spec)

    def differences(self, recorded: GameSpec, asked: GameSpec) -> list[str]:
        """Another secret, or other players, make another game; the budget can be replaced."""
        self._jobs.refuse_another(self._job_id, recorded, asked)
        return differences(recorded, asked, ("budget", "secret", "model", "models"))

    def completed(self, last: GameProgress | None, result: GameResult) -> Snapshot[GameProgress]:
        """Every turn was played."""
        return over(result)

    def usage(self, result: GameResult) -> Usage:
        """Of both sides."""
        return sum(result.usage.values(), Usage())

    def deliver(self, result: GameResult, ended: datetime | None) -> None:
        """Hand the result over."""
        self._deliver(GameDocument(self._job_id, result, ended))


async def play_stateless_game(
    request: Request[GameSpec], settings: Settings, view: View[GameProgress], deliver: Deliver
) -> int:
    """Play a game in this process alone.

    Returns:
        The exit code.

    Raises:
        UsageError: only an id is given.
        JobFailedError: the game broke off.
    """
    spec = request.spec
    if spec is None:
        raise UsageError(f"A stateless run keeps nothing, so there is no game {request.job_id!r} to go on with.")
    interrupts = Interrupts()
    began = time.monotonic()
    with interrupts.caught():
        async with offline_here(game_models(spec, settings).values(), settings) as complete:
            result = await unless_interrupted(_played(request.job_id, spec, complete, view), view, interrupts)
    if isinstance(result, int):
        return result
    view.moved(over(result))
    view.ended(Ended(sum(result.usage.values(), Usage()), time.monotonic() - began))
    deliver(GameDocument(request.job_id, result, datetime.now(UTC)))
    return DONE


async def _played(job_id: str, spec: GameSpec, settings: Settings, view: View[GameProgress]) -> GameResult:
    models = ModelBook(settings)

    def changed() -> None:
        if host.progress is not None:
            view.moved(Snapshot(host.progress()))

    host = StatelessGameHost(lambda asked: check_game(asked, settings, models), changed)
    try:
        check_game(spec, settings, models)
        view.began(Begun(job_id=job_id, query=title(spec), known=False, again="", place="this process, stateless"))
        with one_step(job_id):
            return await play_stateless(spec, build_game_agents(models=models), host)
    finally:
        await models.aclose()


async def check_before_playing(spec: GameSpec, settings: Settings) -> None:
    """Check what a game needs.

    Raises:
        ModelSetupError: a model can't be used, or has no price under a cost budget.
        UsageError: the Factbook knows no such country.
    """
    models = ModelBook(settings)
    try:
        check_game(spec, settings, models)
    finally:
        await models.aclose()


def title(spec: GameSpec) -> str:
    """What is played, without the secret."""
    return f"Twenty Questions about {'a country' if spec.oracle else 'a secret'}"


def over(result: GameResult) -> Snapshot[GameProgress]:
    """What the progress of a game came to."""
    usage = sum(result.usage.values(), Usage())
    most = max(1, len(result.turns))
    return Snapshot(GameProgress(stage=GameStage.COMPLETE, turns=result.turns, max_questions=most, usage=usage))
