"""Stores for reports, over a folder and over a real S3 wire."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from outlast.control.report import MAX_BYTES, compare_in, render
from outlast.control.stores import ResultStoreError, ResultStores
from outlast.errors import SettingsError
from outlast.job.observed import ReportState
from tests.unit.job.builders import job
from tests.unit.operator.test_report import result

KEY = "ns/job/uid-1"
DOCUMENTS = {"report.md": "# 🐘", "report.json": "{}"}


@pytest.fixture(params=["file", "s3"])
def stores(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ResultStores]:
    if request.param == "file":
        yield ResultStores({"archive": f"file://{tmp_path}"})
        return
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="reports")
    yield ResultStores({"archive": f"s3://reports/{tmp_path.name}"})  # its buckets outlive the server
    server.stop()


async def test_what_was_written_is_there(stores: ResultStores) -> None:
    assert await stores.holds("archive", KEY, DOCUMENTS) is None
    await stores.write("archive", KEY, DOCUMENTS)
    assert await stores.holds("archive", KEY, DOCUMENTS) is True
    assert await stores.holds("archive", KEY, {**DOCUMENTS, "report.md": "other"}) is False
    assert await stores.holds("archive", "ns/job/uid-2", DOCUMENTS) is None


async def test_a_half_written_report_is_written_again(stores: ResultStores) -> None:
    await stores.write("archive", KEY, {"report.md": DOCUMENTS["report.md"]})
    assert await stores.holds("archive", KEY, DOCUMENTS) is False
    await stores.write("archive", KEY, DOCUMENTS)
    assert await stores.holds("archive", KEY, DOCUMENTS) is True


async def test_a_report_of_any_size_goes_there_whole(stores: ResultStores) -> None:
    rendered = render(KEY, result(summary="x" * MAX_BYTES))
    assert (await compare_in(stores, "archive", job(), rendered)).state is ReportState.NOTHING
    await stores.write("archive", job().workflow_id, rendered.documents)
    seen = await compare_in(stores, "archive", job(), rendered)
    assert (seen.state, seen.store, seen.shortened) == (ReportState.OURS, "archive", False)


async def test_a_store_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "ns").write_text("a file where a folder should be")
    stores = ResultStores({"archive": f"file://{tmp_path}"})
    with pytest.raises(ResultStoreError, match=r"The store 'archive' can't be written: .*ns"):
        await stores.write("archive", KEY, DOCUMENTS)
    seen = await compare_in(stores, "elsewhere", job(), render(KEY, result()))
    assert seen.state is ReportState.UNKNOWN
    assert seen.problem.startswith("The operator knows no store 'elsewhere'; it knows: archive.")


async def test_a_bucket_that_is_not_there_says_so(stores: ResultStores) -> None:
    gone = ResultStores({"archive": "s3://no-such-bucket"})
    with pytest.raises(ResultStoreError, match="The store 'archive' can't be written"):
        await gone.write("archive", KEY, DOCUMENTS)


@pytest.mark.parametrize("url", ["ftp://x", "s3://", "file://relative", "/path"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match=r"OUTLAST_RESULT_STORES: archive=.* is no store"):
        ResultStores({"archive": url})
