"""What stands at rest is ciphertext, and who lacks the key is told so."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    GetWorkflowExecutionHistoryRequest,
)
from temporalio.client import Client

from outlast.durable.codec import ENCODING, KEY_ID
from outlast.durable.jobs import Jobs
from outlast.errors import EncryptionKeyError
from outlast.job.spec import ResearchJobSpec

from .lab import Lab, finish, history, job_id, until

SECRETS = {"old": b"o" * 32, "new": b"n" * 32}


def keys_file(path: Path, active: str, *others: str) -> Path:
    keys = {name: base64.b64encode(SECRETS[name]).decode() for name in (active, *others)}
    path.write_text(json.dumps({"active": active, "keys": keys}))
    return path


async def test_an_encrypted_job_comes_to_the_same_report(lab: Lab, tmp_path: Path) -> None:
    keys = keys_file(tmp_path / "keys.json", "old")
    assert await lab.run("areas", encryption_keys_file=keys) == await lab.undisturbed("areas")


async def test_nothing_private_stands_at_rest(lab: Lab, tmp_path: Path) -> None:
    keys = keys_file(tmp_path / "keys.json", "old")
    for canary, encrypted in (("canary-in-clear-6de1", False), ("canary-hidden-77b9", True)):
        lab.sources.private = canary
        async with lab.running(encryption_keys_file=keys if encrypted else None) as jobs:
            name = job_id()
            # A query, passages, and the text of an error: a search of this job fails.
            await jobs.start(name, ResearchJobSpec(query=f"{canary} nothing seed={canary}"))
            result = await jobs.result(name)
            assert canary in str(result.report.passages)
            assert canary in str(result.report.cut)
            raw = await raw_history(jobs.client, name)
        at_rest = raw + b"".join(file.read_bytes() for file in database_files(lab))
        found = [form for form in spellings(canary) if form in at_rest]
        assert bool(found) is not encrypted, found


async def test_only_headers_and_search_attributes_of_ours_stay_clear(lab: Lab, tmp_path: Path) -> None:
    keys = keys_file(tmp_path / "keys.json", "old")
    async with lab.running(encryption_keys_file=keys) as jobs:
        name = job_id()
        await jobs.start(name, ResearchJobSpec(query="areas nothing"))
        await jobs.result(name)
        events = await history(jobs.client, name)
    clear = {
        (path[-1], payload.data)
        for event in events
        for path, payload in payloads(event)
        if payload.metadata["encoding"] != ENCODING.encode()
    }
    assert {key for key, _ in clear} == {
        "outlast-backoff-limit",
        "OutlastStage",
        "OutlastProgress",
        "TemporalChangeVersion",
        "payloads",
    }
    assert {data for key, data in clear if key == "outlast-backoff-limit"} == {b"5"}
    (patch,) = {data for key, data in clear if key == "payloads"}  # the SDK's own marker
    assert json.loads(patch) == {"id": "pydantic_ai:stable_default_run_id", "deprecated": False}
    assert all(b"nothing" not in data for _, data in clear)


async def test_a_key_that_was_replaced_still_reads(lab: Lab, tmp_path: Path) -> None:
    keys = keys_file(tmp_path / "keys.json", "old")
    name = job_id()
    spec = ResearchJobSpec.model_validate({"query": "areas", "approval": {"plan": "Required"}})
    async with lab.running(encryption_keys_file=keys) as jobs:
        await jobs.start(name, spec)
        await until(lambda: awaits_approval(jobs, name))
    keys_file(keys, "new", "old")
    async with lab.running(encryption_keys_file=keys) as jobs:
        await jobs.approve(name)
        assert len((await jobs.result(name)).report.claims) == 3
        used = {
            p.metadata[KEY_ID] for e in await history(jobs.client, name) for _, p in payloads(e) if KEY_ID in p.metadata
        }
    assert used == {b"old", b"new"}


async def test_a_running_worker_finds_a_key_that_is_added_to_its_file(lab: Lab, tmp_path: Path) -> None:
    keys = keys_file(tmp_path / "keys.json", "old")
    async with lab.running(encryption_keys_file=keys):
        newer = keys_file(tmp_path / "newer.json", "new", "old")
        keys_file(keys, "new", "old")
        jobs = await lab.jobs(encryption_keys_file=newer)
        assert len((await finish(jobs)).report.claims) == 3


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        pytest.param(None, "with the key 'old', but no keys are set here", id="no keys"),
        pytest.param("new", "with the key 'old', which is not in", id="another key"),
        pytest.param("forged", "can't be read with the key 'old'", id="another key of that id"),
    ],
)
async def test_a_client_without_the_key_is_told_which(lab: Lab, tmp_path: Path, reader: str | None, said: str) -> None:
    writer = keys_file(tmp_path / "keys.json", "old")
    files = {None: None, "new": keys_file(tmp_path / "new.json", "new"), "forged": tmp_path / "forged.json"}
    forged = {"active": "old", "keys": {"old": base64.b64encode(b"x" * 32).decode()}}
    (tmp_path / "forged.json").write_text(json.dumps(forged))
    async with lab.running(encryption_keys_file=writer) as jobs:
        name = job_id()
        await jobs.start(name, ResearchJobSpec(query="areas"))
        await jobs.result(name)
    stranger = await lab.jobs(encryption_keys_file=files[reader])
    with pytest.raises(EncryptionKeyError, match=said):
        await stranger.result(name)


async def test_a_failed_job_tells_its_reason_to_key_holders_alone(lab: Lab, tmp_path: Path) -> None:
    writer = keys_file(tmp_path / "keys.json", "old")
    async with lab.running(encryption_keys_file=writer) as jobs:
        name = job_id()
        await jobs.start(name, ResearchJobSpec(query="areas", model="offline:no-such-model"))
        with pytest.raises(Exception, match="no-such-model"):
            await jobs.result(name)
        (failed,) = [
            e for e in await history(jobs.client, name) if e.HasField("workflow_execution_failed_event_attributes")
        ]
    failure = failed.workflow_execution_failed_event_attributes.failure
    assert (failure.message, failure.stack_trace) == ("Encoded failure", "")
    with pytest.raises(Exception, match="the key 'old'"):
        await (await lab.jobs()).result(name)


async def test_a_step_without_the_key_says_so_and_goes_on_when_it_is_back(lab: Lab, tmp_path: Path) -> None:
    keys = keys_file(tmp_path / "keys.json", "new", "old")
    stranger = keys_file(tmp_path / "stranger.json", "new")
    owner = keys_file(tmp_path / "owner.json", "old")
    jobs = await lab.jobs(encryption_keys_file=keys)
    name = job_id()
    async with lab.worker((await lab.jobs(encryption_keys_file=owner)).client, steps=False):
        await (await lab.jobs(encryption_keys_file=owner)).start(name, ResearchJobSpec(query="areas"))
        await until(lambda: scheduled(jobs.client, name))
        async with lab.worker((await lab.jobs(encryption_keys_file=stranger)).client):
            said = await until(lambda: last_failure(jobs.client, name))
        assert "encrypted with the key 'old', which is not in" in said
        async with lab.worker((await lab.jobs(encryption_keys_file=keys)).client):
            assert len((await jobs.result(name)).report.claims) == 3


async def awaits_approval(jobs: Jobs, name: str) -> bool:
    return (await jobs.progress(name)).stage.value == "AwaitingApproval"


async def scheduled(client: Client, name: str) -> bool:
    return any(e.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED for e in await history(client, name))


async def last_failure(client: Client, name: str) -> str:
    """The innermost words of the failure that a pending step met last; empty before it met one."""
    described = await client.workflow_service.describe_workflow_execution(
        DescribeWorkflowExecutionRequest(namespace="default", execution=WorkflowExecution(workflow_id=name))
    )
    pending = [p for p in described.pending_activities if p.HasField("last_failure")]
    if not pending:
        return ""
    error: BaseException | None = await client.data_converter.decode_failure(pending[0].last_failure)
    words = ""
    while error is not None:
        words, error = str(error), error.__cause__
    return words


async def raw_history(client: Client, name: str) -> bytes:
    """The history as the server sends it, nothing decoded."""
    request = GetWorkflowExecutionHistoryRequest(namespace="default", execution=WorkflowExecution(workflow_id=name))
    response = await client.workflow_service.get_workflow_execution_history(request)
    return response.SerializeToString()


def database_files(lab: Lab) -> list[Path]:
    database = lab.temporal.database
    return [path for path in database.parent.iterdir() if path.name.startswith(database.name)]


def spellings(text: str) -> list[bytes]:
    """How a text may stand in a file: plain, as two bytes a character, in hexadecimal, in base64 at any offset."""
    plain = text.encode()
    encoded = [base64.b64encode(b"x" * shift + plain)[4 if shift else 0 : -4] for shift in range(3)]
    return [plain, text.encode("utf-16-le"), plain.hex().encode(), *encoded]


def payloads(message: Message, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Payload]]:
    """Every payload in a message, with the names that lead to it."""
    if isinstance(message, Payload):
        yield path, message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is not None:
                for key, item in value.items():
                    yield from payloads(item, (*path, str(key)))
        elif field.is_repeated:
            for item in value:
                yield from payloads(item, (*path, field.name))
        else:
            yield from payloads(value, (*path, field.name))
