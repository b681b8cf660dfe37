"""Images are the same bytes for the same content, and carry what containers need to know."""

import json
import tarfile
from pathlib import Path
from typing import Any

from tests.cluster.oci import Entry, ImageConfig, reference_of, write_image, write_layer

REFERENCE = "docker.io/example/app:1"
ENTRIES = (
    Entry("tmp", mode=0o1777),
    Entry("/app", b"#!/bin/sh\n"),
    Entry("link", link="/app"),
    Entry("data", mode=0o700, owner=999),
)


def build(folder: Path) -> Path:
    folder.mkdir()
    layer = write_layer(folder / "layer.tar", ENTRIES)
    return write_image(folder / "image.tar", REFERENCE, [layer], ImageConfig(entrypoint=("/app",)))


def read_json(archive: Path, name: str) -> Any:
    with tarfile.open(archive) as tar:
        member = tar.extractfile(name)
        assert member is not None
        return json.load(member)


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    assert build(tmp_path / "one").read_bytes() == build(tmp_path / "two").read_bytes()


def test_an_image_runs_as_nobody_unless_told_otherwise(tmp_path: Path) -> None:
    archive = build(tmp_path / "image")
    [manifest] = read_json(archive, "manifest.json")
    config = read_json(archive, manifest["Config"])
    assert config["config"]["User"] == "65532"
    assert config["config"]["Entrypoint"] == ["/app"]


def test_a_layer_keeps_kinds_modes_and_owners(tmp_path: Path) -> None:
    with tarfile.open(write_layer(tmp_path / "layer.tar", ENTRIES)) as tar:
        found = {member.name: (member.type, member.mode, member.uid, member.linkname) for member in tar}
    assert found == {
        "tmp": (tarfile.DIRTYPE, 0o1777, 0, ""),
        "app": (tarfile.REGTYPE, 0o755, 0, ""),
        "link": (tarfile.SYMTYPE, 0o755, 0, "/app"),
        "data": (tarfile.DIRTYPE, 0o700, 999, ""),
    }


def test_the_name_of_an_image_can_be_read_back(tmp_path: Path) -> None:
    assert reference_of(build(tmp_path / "image")) == REFERENCE
