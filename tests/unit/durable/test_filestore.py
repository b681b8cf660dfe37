"""The payload store in a folder: whole files, verified, in their place, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    StorageDriverClaim,
    StorageDriverRetrieveContext,
    StorageDriverStoreContext,
    StorageDriverWorkflowInfo,
)

from outlast.durable.filestore import FileStorageDriver
from outlast.durable.storage import external_storage
from outlast.errors import PayloadStoreError, SettingsError
from outlast.settings import Settings

PAYLOAD = Payload(metadata={"encoding": b"json/plain", "x": b"y"}, data=b"text")


def of(job: str | None) -> StorageDriverStoreContext:
    return StorageDriverStoreContext(target=StorageDriverWorkflowInfo(id=job, namespace="default"))


async def read(driver: FileStorageDriver, place: str) -> Payload:
    (payload,) = await driver.retrieve(StorageDriverRetrieveContext(), [StorageDriverClaim({"place": place})])
    return payload


async def test_what_is_stored_is_read_back(tmp_path: Path) -> None:
    driver = FileStorageDriver(tmp_path / "store")
    claims = await driver.store(of("job"), [PAYLOAD, Payload(data=b"other")])
    assert await driver.retrieve(StorageDriverRetrieveContext(), claims) == [PAYLOAD, Payload(data=b"other")]
    assert {path.parent for path in (tmp_path / "store").rglob("*") if path.is_file()} == {
        tmp_path / "store" / "default" / "job"
    }


async def test_storing_again_writes_nothing(tmp_path: Path) -> None:
    driver = FileStorageDriver(tmp_path)
    (claim,) = await driver.store(of("job"), [PAYLOAD])
    path = tmp_path / claim.claim_data["place"]
    before = path.stat()
    assert (await driver.store(of("job"), [PAYLOAD]))[0] == claim
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [path]


@pytest.mark.parametrize(
    ("job", "folder"),
    [
        pytest.param("a/b", "a%2Fb", id="slash"),
        pytest.param("ö", "%C3%B6", id="letters beyond ASCII"),
        pytest.param(None, "none", id="no job"),
        pytest.param("..", None, id="a name that means a folder"),
        pytest.param("x" * 400, None, id="longer than a file name"),
    ],
)
async def test_a_job_with_any_id_has_a_folder_of_its_own(tmp_path: Path, job: str | None, folder: str | None) -> None:
    driver = FileStorageDriver(tmp_path)
    (claim,) = await driver.store(of(job), [PAYLOAD])
    (found,) = (tmp_path / "default").iterdir()
    assert found.name == folder or (folder is None and found.name.startswith("~"))
    assert await read(driver, claim.claim_data["place"]) == PAYLOAD


@pytest.mark.parametrize(
    "place",
    ["", "default/job", f"../job/{'0' * 64}", f"default/../{'0' * 64}", f"/etc/x/{'0' * 64}", "a/b/passwd"],
)
async def test_a_reference_never_leads_out_of_the_store(tmp_path: Path, place: str) -> None:
    with pytest.raises(PayloadStoreError, match="is no place in the payload store"):
        await read(FileStorageDriver(tmp_path), place)


async def test_a_payload_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(PayloadStoreError, match=r"The payload default/job/0+ is not in .*: No such file"):
        await read(FileStorageDriver(tmp_path), f"default/job/{'0' * 64}")


async def test_a_payload_that_was_altered_is_refused(tmp_path: Path) -> None:
    driver = FileStorageDriver(tmp_path)
    (claim,) = await driver.store(of("job"), [PAYLOAD])
    path = tmp_path / claim.claim_data["place"]
    path.write_bytes(path.read_bytes() + b"!")
    with pytest.raises(PayloadStoreError, match="was altered: its hash is another one"):
        await read(driver, claim.claim_data["place"])


async def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PayloadStoreError, match=r"of \d+ bytes can't be stored in .*file: .*OUTLAST_PAYLOAD_STORE"):
        await FileStorageDriver(tmp_path / "file").store(of("job"), [PAYLOAD])


@pytest.mark.parametrize("url", ["/tmp/x", "file://host/x", "file:relative", "s3:///x", "gs://bucket", ""])
def test_a_store_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="give file:///absolute/path or s3://bucket/prefix"):
        external_storage(Settings(payload_store=url))


def test_no_store_is_no_storage() -> None:
    assert external_storage(Settings()) is None
