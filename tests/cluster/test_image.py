"""What the project's image weighs beside its base, as it is unpacked on a node."""

import json
import tarfile
from pathlib import Path
from typing import IO

from tests.cluster.images import image
from tests.cluster.installing import Install

MOST_BYTES = 200_000_000


def layers(archive: Path) -> dict[str, int]:
    """Bytes in the files of each layer of an image, by what the layer holds."""
    with tarfile.open(archive) as tar:

        def part(name: str) -> IO[bytes]:
            found = tar.extractfile(name)
            assert found is not None
            return found

        (manifest,) = json.load(part("manifest.json"))
        names = json.load(part(manifest["Config"]))["rootfs"]["diff_ids"]
        return {name: unpacked(part(layer)) for name, layer in zip(names, manifest["Layers"], strict=True)}


def unpacked(layer: IO[bytes]) -> int:
    with tarfile.open(fileobj=layer) as tar:
        return sum(entry.size for entry in tar if entry.isfile())


def test_the_image_is_small(install: Install) -> None:
    base = layers(image("python"))
    added = {name: size for name, size in layers(install.archive).items() if name not in base}
    assert added
    assert sum(added.values()) < MOST_BYTES, added
