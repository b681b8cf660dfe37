"""Keys: what a file has to hold, who may read what, and what is said when it does not fit."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from outlast.durable.keys import Key, KeyRing
from outlast.errors import EncryptionKeyError, SettingsError

SECRET = base64.b64encode(b"s" * 32).decode()


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize("context", [b"job", None], ids=["of a job", "of nobody"])
def test_what_is_sealed_opens_again(context: bytes | None) -> None:
    key = Key("k", b"s" * 32)
    sealed = key.seal(b"text", context)
    assert b"text" not in sealed
    assert key.open(sealed) == b"text"


def test_a_replay_of_a_job_makes_the_same_bytes_and_another_job_others() -> None:
    key = Key("k", b"s" * 32)
    assert key.seal(b"text", b"job") == key.seal(b"text", b"job")
    assert key.seal(b"text", b"job") != key.seal(b"text", b"job 2")
    assert key.seal(b"text", b"job") != key.seal(b"text.", b"job")
    assert key.seal(b"text", None) != key.seal(b"text", None)


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]), id="one bit altered"),
        pytest.param(lambda sealed: sealed[:-1], id="cut short"),
        pytest.param(lambda sealed: b"", id="empty"),
    ],
)
def test_what_was_altered_is_refused_with_the_name_of_the_key(harm: Any) -> None:
    key = Key("of-2026", b"s" * 32)
    with pytest.raises(EncryptionKeyError, match="of-2026"):
        key.open(harm(key.seal(b"text", b"job")))


def test_a_key_of_another_name_does_not_open_it() -> None:
    sealed = Key("one", b"s" * 32).seal(b"text", b"job")
    with pytest.raises(EncryptionKeyError, match="'two'"):
        Key("two", b"s" * 32).open(sealed)


def test_a_ring_follows_its_file_to_a_key_that_it_does_not_know(tmp_path: Path) -> None:
    file = write(tmp_path / "keys.json", {"active": "a", "keys": {"a": SECRET}})
    ring = KeyRing(file)
    with pytest.raises(EncryptionKeyError, match=r"the key 'b', which is not in .*keys\.json \(there: a\)"):
        ring.find("b")
    write(file, {"active": "b", "keys": {"a": SECRET, "b": SECRET}})
    assert ring.find("b").id == "b"
    assert ring.active.id == "b"


def test_a_file_that_breaks_later_keeps_the_keys_that_are_known(tmp_path: Path) -> None:
    file = write(tmp_path / "keys.json", {"active": "a", "keys": {"a": SECRET}})
    ring = KeyRing(file)
    file.unlink()
    with pytest.raises(EncryptionKeyError, match=r"needs the key 'b', but the encryption keys file .* can't be read"):
        ring.find("b")
    assert ring.find("a").id == "a"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("{", "Invalid JSON", id="no JSON"),
        pytest.param({"keys": {"a": SECRET}}, "active: Field required", id="no active key"),
        pytest.param({"active": "b", "keys": {"a": SECRET}}, "`active` is 'b', but there is no such key", id="missing"),
        pytest.param({"active": "a", "keys": {"a": "c2hvcnQ="}}, "the key 'a' has 5 bytes, not 32", id="short"),
        pytest.param({"active": "a", "keys": {"a": "?"}}, "the key 'a' has 0 bytes", id="no base64"),
        pytest.param({"active": "a b", "keys": {"a b": SECRET}}, "active: String should match", id="odd name"),
        pytest.param({"active": "a", "keys": {"a": SECRET}, "more": 1}, "more: Extra inputs", id="unknown field"),
    ],
)
def test_a_file_that_does_not_fit_is_explained(tmp_path: Path, content: Any, said: str) -> None:
    file = write(tmp_path / "keys.json", content)
    with pytest.raises(SettingsError) as refused:
        KeyRing(file)
    assert said in str(refused.value)
    assert str(file) in str(refused.value)


def test_a_refusal_never_shows_a_key(tmp_path: Path) -> None:
    file = write(tmp_path / "keys.json", {"active": "a", "keys": {"a": SECRET}, "more": SECRET})
    with pytest.raises(SettingsError) as refused:
        KeyRing(file)
    assert SECRET not in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.json can't be read: No such file"):
        KeyRing(tmp_path / "none.json")
