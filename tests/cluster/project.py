"""Building the project's own image from its Dockerfile, without a container engine's daemon and without a registry.

The bases that a Dockerfile may name are the ones made here (`debian`, `python`); everything else about it is as for any
builder. Layers are cached between builds.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.cluster.cache import content_key
from tests.cluster.command import Argument, run, run_logged
from tests.cluster.debian_images import DEBIAN_IMAGES
from tests.cluster.images import image
from tests.cluster.packages import IMAGES, require, require_root
from tests.cluster.paths import cache_root
from tests.cluster.progress import progress

BASES = ("debian", "python")
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


def build_project_image(
    context: Path, tag: str, *, dockerfile: Path | None = None, build_args: Mapping[str, str] | None = None
) -> Path:
    """Build a Dockerfile and return the image archive, which carries `tag` as its name."""
    require_root()
    require(IMAGES)
    work = cache_root() / "project"
    work.mkdir(parents=True, exist_ok=True)
    log = work / "build.log"
    log.write_bytes(b"")
    archive = work / f"{content_key(tag)}.tar"
    with progress(f"image {tag}"):
        _provide_bases(log)
        run_logged(_build(context, tag, dockerfile, build_args or {}), log)
        archive.unlink(missing_ok=True)
        run_logged([*_buildah(), "push", "--quiet", tag, f"docker-archive:{archive}:{tag}"], log)
    return archive


def _build(context: Path, tag: str, dockerfile: Path | None, build_args: Mapping[str, str]) -> list[Argument]:
    words: list[Argument] = [*_buildah(), "build", "--isolation=chroot", "--layers", "--pull-never", "--tag", tag]
    words += [f"--build-arg={name}={value}" for name, value in build_args.items()]
    words += [f"--volume={path}:{place}:ro" for place, path in _access_to_package_indexes().items()]
    words += ["--file", dockerfile or context / "Dockerfile", context]
    return words


def _buildah() -> list[Argument]:
    """buildah with a store of its own: this machine's other images are neither seen nor touched."""
    store = cache_root() / "project" / "store"
    return ["buildah", "--root", store, "--runroot", store / "run", "--storage-driver", "overlay"]


def _provide_bases(log: Path) -> None:
    present = set(run([*_buildah(), "images", "--format", "{{.Name}}:{{.Tag}}"]).split())
    for name in BASES:
        archive, marker = image(name), cache_root() / "project" / f"{name}.base"
        fresh = marker.exists() and marker.read_text() == str(archive)
        if not fresh or DEBIAN_IMAGES[name].reference not in present:
            run_logged([*_buildah(), "pull", "--quiet", f"docker-archive:{archive}"], log)
            marker.write_text(str(archive))


def _access_to_package_indexes() -> dict[str, Path]:
    """This machine's certificates and installer settings, mounted while a step runs and not part of the image.

    Where a network is reached through an inspecting proxy, installers inside must trust what this machine trusts.
    """
    bundle = os.environ.get("SSL_CERT_FILE")
    if not bundle or not Path(bundle).is_file():
        return {}
    folder = cache_root() / "project" / "settings"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "pip.conf").write_text(f"[global]\ncert = {_CERTIFICATES}\n")
    (folder / "uv.toml").write_text("native-tls = true\n")
    shutil.copyfile(bundle, folder / "certificates.crt")
    return {
        _CERTIFICATES: folder / "certificates.crt",
        "/etc/pip.conf": folder / "pip.conf",
        "/etc/uv/uv.toml": folder / "uv.toml",
    }
