"""Games as their callers see them."""

from __future__ import annotations

from outlast.durable.handles import JobHandles
from outlast.errors import UsageError
from outlast.games.models import GameResult, GameSpec
from outlast.games.spec import WORKFLOW_TYPE
from outlast.games.state import GameInput, GameProgress
from outlast.games.workflow import TwentyQuestions

__all__ = ["Games"]


class Games(JobHandles[GameSpec, GameProgress, GameResult]):
    """The games of one Temporal namespace."""

    workflow = TwentyQuestions
    workflow_type = WORKFLOW_TYPE
    input_type = GameInput
    noun = "game"

    def queue_of(self, spec: GameSpec) -> str | None:
        """The task queue that a game names."""
        return spec.task_queue

    def refuse_another(self, job_id: str, recorded: GameSpec, asked: GameSpec) -> None:
        """Another secret is another game, and so are other players; the recorded secret is not told."""
        if recorded.secret != asked.secret:
            raise UsageError(
                f"The id {job_id!r} belongs to a game with another secret than {asked.secret!r}: choose another id, or "
                f"go on with that game by `outlast play --id {job_id}`."
            )
        for name, before, now in (
            ("model", recorded.model, asked.model),
            ("models.questioner", recorded.models.questioner, asked.models.questioner),
            ("models.answerer", recorded.models.answerer, asked.models.answerer),
        ):
            if before != now:
                raise UsageError(
                    f"The id {job_id!r} belongs to a game whose {name} is {before!r}, not {now!r}: a game is played to "
                    f"its end by the models that began it. Choose another id, or go on by `outlast play --id {job_id}`."
                )
