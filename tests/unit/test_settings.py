import pytest

from outlast.errors import SettingsError
from outlast.settings import load_settings


def test_a_role_uses_its_own_model_before_the_common_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLAST_MODEL", "openai:gpt-5")
    monkeypatch.setenv("OUTLAST_MODEL_ANALYST", "anthropic:claude")
    settings = load_settings()
    assert (settings.model_for("planner"), settings.model_for("analyst")) == ("openai:gpt-5", "anthropic:claude")


def test_an_unknown_variable_is_refused_with_the_nearest_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLAST_MODELL", "x")
    with pytest.raises(SettingsError, match=r"OUTLAST_MODELL is set.*did you mean OUTLAST_MODEL"):
        load_settings()


def test_a_value_that_does_not_parse_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLAST_DRAIN_SECONDS", "soon")
    with pytest.raises(SettingsError, match="OUTLAST_DRAIN_SECONDS='soon'"):
        load_settings()


def test_a_table_that_is_no_json_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLAST_PRICES", "{cheap")
    with pytest.raises(SettingsError, match="prices"):
        load_settings()


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLAST_TEMPORAL_API_KEY", "canary")
    assert "canary" not in repr(load_settings())
