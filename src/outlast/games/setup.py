"""What a game needs is there: checked before its first step, so that a missing key costs nothing."""

from __future__ import annotations

from outlast.games import atlas
from outlast.games.models import GameRole, GameSpec
from outlast.games.state import GameSetup
from outlast.llm.resolve import ModelBook
from outlast.settings import Settings


def game_models(spec: GameSpec, settings: Settings) -> dict[GameRole, str]:
    """Which model each role uses: the game's word first, then this process's settings."""
    chosen = {GameRole.QUESTIONER: spec.models.questioner or spec.model or settings.model_for("questioner")}
    if not spec.oracle:
        chosen[GameRole.ANSWERER] = spec.models.answerer or spec.model or settings.model_for("answerer")
    return chosen


def check_game(spec: GameSpec, settings: Settings, models: ModelBook) -> GameSetup:
    """Check models, prices, and the country of an oracle.

    Raises:
        ModelSetupError: a model can't be used, or has no price under a cost budget.
        UsageError: the Factbook knows no such country.
        SourceError: the Factbook is not installed.
    """
    chosen = game_models(spec, settings)
    for name in dict.fromkeys(chosen.values()):
        models.check(name, needs_price=spec.budget.max_cost_usd is not None)
    return GameSetup(models=chosen, aliases=sorted(atlas.country(spec.secret).names) if spec.oracle else [])
