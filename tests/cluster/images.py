"""Every image the tests may need, by a short name, made on first use and kept in the cache."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.cache import provide
from tests.cluster.debian_images import DEBIAN_IMAGES, DebianImage
from tests.cluster.errors import ClusterError
from tests.cluster.runtime import PAUSE_IMAGE
from tests.cluster.shell import SHELL_IMAGE, fill_shell, shell_key
from tests.cluster.static_images import STATIC_IMAGES, StaticImage, fill_pause, pause_key


@dataclass(frozen=True)
class Image:
    """How one image is made and what it is called."""

    reference: str
    key: Callable[[], str]
    fill: Callable[[Path, Path], None]


def _tabled(found: StaticImage | DebianImage) -> Image:
    return Image(found.reference, lambda: found.key, found.fill)


IMAGES: Mapping[str, Image] = {
    "pause": Image(PAUSE_IMAGE, pause_key, fill_pause),
    "busybox": Image(SHELL_IMAGE, shell_key, fill_shell),
    **{name: _tabled(static) for name, static in STATIC_IMAGES.items()},
    **{name: _tabled(debian) for name, debian in DEBIAN_IMAGES.items()},
}
"""Short names of the images, in the order in which `build` makes them."""

NODE_IMAGES = ("pause", "coredns")
"""What a node cannot be ready without."""


def image(name: str) -> Path:
    """The archive of an image."""
    found = IMAGES.get(name)
    if found is None:
        raise ClusterError("no such image", seen=repr(name), next_step=f"one of {', '.join(IMAGES)}")
    tag = found.reference.rpartition(":")[2]
    return provide(f"image-{name}", tag, found.key(), found.fill) / "image.tar"
