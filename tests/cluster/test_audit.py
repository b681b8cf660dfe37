"""Reading an audit log that is being written: finished requests only, each under the name that was judged."""

import json
from pathlib import Path
from typing import Any

from tests.cluster.audit import AuditLog


def line(**changes: Any) -> str:
    record = {
        "stage": "ResponseComplete",
        "verb": "get",
        "user": {"username": "anna"},
        "objectRef": {"resource": "secrets", "namespace": "a", "name": "key"},
        "responseStatus": {"code": 200},
        "requestReceivedTimestamp": "2026-01-01T00:00:00.000000Z",
    }
    return json.dumps({**record, **changes}) + "\n"


def test_a_log_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "none")
    assert (log.position(), log.since()) == (0, [])


def test_only_what_came_after_a_position_is_read(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "log")
    log.path.write_text(line(verb="list"))
    before = log.position()
    with log.path.open("a") as sink:
        sink.write(line(verb="watch"))
    assert [event.verb for event in log.since(before)] == ["watch"]


def test_a_line_that_is_being_written_is_left_for_later(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "log")
    log.path.write_text(line() + line()[:20])
    assert len(log.since()) == 1


def test_a_watch_that_has_only_begun_is_not_an_answer(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "log")
    log.path.write_text(line(stage="ResponseStarted"))
    assert log.since() == []


def test_an_impersonated_user_is_the_one_who_was_judged(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "log")
    log.path.write_text(line(impersonatedUser={"username": "bert"}) + line())
    assert len(log.since(user="bert")) == 1
    assert len(log.since(user="anna")) == 1


def test_a_request_for_no_resource_has_empty_fields(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "log")
    log.path.write_text(line(objectRef={}))
    assert [(event.resource, event.namespace, event.name) for event in log.since()] == [("", "", "")]
