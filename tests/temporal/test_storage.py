"""Payloads over the threshold live outside of Temporal; without a store what is too large fails with a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from outlast.durable.jobs import Jobs
from outlast.durable.limits import Limits
from outlast.errors import JobFailedError, PayloadStoreError
from outlast.job.spec import ResearchJobSpec
from outlast.offline.faults import AimedFault, FaultConfig, FaultKind
from outlast.research.models import CutReason
from outlast.research.state import Stage

from .lab import Lab, finish, job_id, until
from .test_codec import awaits_approval, keys_file

MB = 1024 * 1024

LARGE = "areas searches=3 size=1200000"
"""Three passages of 1.2 MB each: the analyst's request and the report exceed what Temporal takes."""


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL_S3": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    bucket = boto3.resource("s3").create_bucket(Bucket="payloads")
    yield bucket
    server.stop()


async def test_a_job_of_many_megabytes_completes(lab: Lab, tmp_path: Path) -> None:
    store = tmp_path / "store"
    async with lab.running(payload_store=store.as_uri()) as jobs:
        name = job_id()
        await jobs.start(name, ResearchJobSpec(query=LARGE))
        result = await jobs.result(name)
        assert result == await lab.undisturbed(LARGE)
        summary = await jobs.summary(name)
    assert len(result.model_dump_json()) > 3 * MB
    assert summary.history_bytes < MB
    assert (store / "default" / name).is_dir()


async def test_a_store_in_a_bucket_does_the_same(lab: Lab, bucket: Any) -> None:
    async with lab.running(payload_store="s3://payloads/of/outlast") as jobs:
        assert await finish(jobs, LARGE) == await lab.undisturbed(LARGE)
    keys = [stored.key for stored in bucket.objects.all()]
    assert keys
    assert all(key.startswith("of/outlast/v0/ns/default/wt/DeepResearch/wi/") for key in keys)


async def test_what_is_stored_is_ciphertext_when_keys_are_set(lab: Lab, tmp_path: Path) -> None:
    lab.sources.private = "canary-stored-41c0"
    keys = keys_file(tmp_path / "keys.json", "old")
    store = tmp_path / "store"
    async with lab.running(payload_store=store.as_uri(), encryption_keys_file=keys) as jobs:
        result = await finish(jobs, LARGE)
    assert "canary-stored-41c0" in str(result.report.passages)
    stored = [path.read_bytes() for path in store.rglob("*") if path.is_file()]
    assert len(stored) > 5
    assert not [data for data in stored if b"canary" in data or b"sq km" in data]


@pytest.mark.parametrize("encrypted", [False, True], ids=["in clear", "encrypted"])
async def test_a_replay_stores_nothing_anew(lab: Lab, tmp_path: Path, encrypted: bool) -> None:
    store = tmp_path / "store"
    settings = {
        "payload_store": store.as_uri(),
        "encryption_keys_file": keys_file(tmp_path / "keys.json", "old") if encrypted else None,
        "payload_threshold_bytes": 2000,
    }
    name = job_id()
    async with lab.running(**settings) as jobs:
        await jobs.start(name, ResearchJobSpec.model_validate({"query": "areas", "approval": {"plan": "Required"}}))
        await until(lambda: awaits_approval(jobs, name))
        before = files(store)
    assert before
    async with lab.running(**settings) as jobs:
        await until(lambda: awaits_approval(jobs, name))
        assert files(store) == before
        await jobs.approve(name)
        await jobs.result(name)


@pytest.mark.parametrize("harm", ["lost", "altered"])
async def test_a_payload_that_is_gone_or_altered_is_named(lab: Lab, tmp_path: Path, harm: str) -> None:
    store = tmp_path / "store"
    async with lab.running(payload_store=store.as_uri()) as jobs:
        name = job_id()
        await jobs.start(name, ResearchJobSpec(query=LARGE))
        await jobs.result(name)
        for path in files(store):
            if harm == "lost":
                path.unlink()
            else:
                path.write_bytes(path.read_bytes()[:-1] + b"!")
        words = "is not in the payload store" if harm == "lost" else "was altered: its hash is another one"
        with pytest.raises(PayloadStoreError, match=words):
            await jobs.result(name)


async def test_a_store_that_fails_costs_no_answer_that_was_paid_for(
    lab: Lab, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = tmp_path / "store"
    store.write_text("a file where the folder should be")
    # Of the job's first payloads only the planner's answer is over the threshold: fifty searches of many letters.
    query = f"areas searches=50 seed={'x' * 200}"
    async with lab.running(payload_store=store.as_uri(), payload_threshold_bytes=12_000) as jobs:
        name = job_id()
        await jobs.start(name, ResearchJobSpec(query=query, max_searches=50))
        await until(lambda: "waits for the payload store" in caplog.text)
        store.unlink()
        await jobs.result(name)
    assert [row.attempt for row in await lab.offline.rows(name) if "planner" in (row.step_kind or "")] == [1]


async def test_without_a_store_a_search_that_is_too_large_is_left_out(lab: Lab) -> None:
    result = await lab.run("areas searches=2 size=2200000")
    failed = [cut for cut in result.report.cut if cut.reason == CutReason.SEARCH_FAILED]
    assert len(failed) == 2
    assert failed[0].detail == (
        "The result of a step takes 2.1 MB, more than the 1.9 MB that Temporal takes. Set OUTLAST_PAYLOAD_STORE on "
        "workers and clients, so that large payloads are kept outside of it."
    )


async def test_without_a_store_what_is_too_large_to_hand_on_fails_the_job(lab: Lab) -> None:
    with pytest.raises(JobFailedError, match=r"found so far takes .* Set OUTLAST_PAYLOAD_STORE"):
        await lab.run("areas searches=16 size=140000")


async def test_without_a_store_parallel_steps_never_end_a_job_by_their_sum(lab: Lab) -> None:
    """The server would terminate it with the word GrpcMessageTooLarge."""
    with pytest.raises(JobFailedError, match="Set OUTLAST_PAYLOAD_STORE"):
        await lab.run("areas searches=8 size=600000")


async def test_a_store_that_is_added_later_does_not_change_history(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were what is too large refused without a trace in history, a replay with a store would not match it."""
    name = job_id()
    lab.offline.set_faults(FaultConfig(aimed=(AimedFault(kind=FaultKind.STALL, steps="agent__analyst__*"),)))
    with monkeypatch.context() as patch:
        patch.setattr(Limits, "of", lambda settings: Limits(threshold=None, message=30_000))
        async with lab.running(drain_seconds=1) as jobs:
            await jobs.start(name, ResearchJobSpec(query="areas searches=16 size=1000"))
            await until(lambda: analysing(jobs, name))
    async with lab.running(payload_store=(tmp_path / "store").as_uri()) as jobs:
        result = await jobs.result(name)
    assert [cut for cut in result.report.cut if cut.detail.startswith("What parallel steps send at once")]
    assert result.report.claims


async def analysing(jobs: Jobs, name: str) -> bool:
    return (await jobs.progress(name)).stage is Stage.ANALYSING


def files(store: Path) -> set[Path]:
    return {path for path in store.rglob("*") if path.is_file()}
