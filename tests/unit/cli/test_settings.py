"""`outlast settings` lists what there is and gives no secret away."""

from __future__ import annotations

import json

import pytest

from outlast.settings import PREFIX, Settings

from .conftest import Outlast


def test_every_variable_is_listed_with_its_meaning(outlast: Outlast) -> None:
    rows = json.loads(outlast("settings", "--json").out)
    assert [row["name"] for row in rows] == [PREFIX + name.upper() for name in Settings.model_fields]
    assert [row["name"] for row in rows if not row["help"]] == []
    by_name = {row["name"]: row for row in rows}
    assert by_name["OUTLAST_STATE_DIR"]["is_set"]
    assert by_name["OUTLAST_MODEL"] == {
        "name": "OUTLAST_MODEL",
        "value": "offline:large",
        "default": "offline:large",
        "is_set": False,
        "help": by_name["OUTLAST_MODEL"]["help"],
    }


def test_secrets_stay_hidden(outlast: Outlast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLAST_TEMPORAL_API_KEY", "canary-key")
    monkeypatch.setenv("OUTLAST_BASE_URLS", '{"openai": "https://me:canary-password@host/v1?api_key=canary-query&x=1"}')
    monkeypatch.setenv("OUTLAST_MCP_SERVERS", '{"notes": {"url": "https://host/mcp?token=canary-token"}}')
    for args in (["settings"], ["settings", "--json"], ["settings", "--set"]):
        said = outlast(*args)
        assert said.code == 0
        assert "canary" not in said.out + said.err
        assert "********" in said.out


def test_only_what_is_set(outlast: Outlast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLAST_DRAIN_SECONDS", "7")
    rows = json.loads(outlast("settings", "--set", "--json").out)
    assert {row["name"]: row["value"] for row in rows}["OUTLAST_DRAIN_SECONDS"] == "7"
    assert len(rows) == 3


def test_the_list_is_there_when_a_variable_is_wrong(outlast: Outlast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLAST_MODLE", "x")
    said = outlast("settings")
    assert said.code == 2
    assert "OUTLAST_MODEL " in said.out
    assert "did you mean OUTLAST_MODEL?" in said.err
