"""Keys of this process are taken out of texts and plain data, and nothing else is."""

from __future__ import annotations

import pytest

from outlast.redaction import redacted


def test_keys_go_wherever_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-12345678")
    monkeypatch.setenv("LOGFIRE_TOKEN", "sk-12345678-long")
    said = {"body": ["Incorrect: sk-12345678.", ("sk-12345678-long", 7)], "sk-12345678": None}
    assert redacted(said) == {"body": ["Incorrect: [key].", ("[key]", 7)], "[key]": None}


def test_what_is_no_key_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("SOME_WORDS", "Incorrect")
    assert redacted("Incorrect, and none of it") == "Incorrect, and none of it"
    assert redacted(7) == 7
