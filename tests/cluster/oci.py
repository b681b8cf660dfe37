"""Container images written as files: layers and a configuration, in the archive format every engine imports.

Times and owners are fixed, so that the same content gives the same image everywhere.
"""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

LAYOUT = 3
"""Raise when the packing itself changes, so that images made by an older one are not taken for new."""

NONROOT = 65532
"""The user of images that have no reason to be anybody in particular, by the custom of minimal base images."""

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Entry:
    """One path in a layer: a file with this content, a symbolic link, or (with neither) a folder."""

    path: str
    source: Path | bytes | None = None
    link: str = ""
    mode: int = 0o755
    owner: int = 0


@dataclass(frozen=True)
class ImageConfig:
    """What a container of the image runs, as whom and where."""

    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: tuple[str, ...] = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",)
    user: str = str(NONROOT)
    workdir: str = "/"
    stop_signal: str = "SIGTERM"


def write_layer(out: Path, entries: Iterable[Entry]) -> Path:
    """Pack entries as one layer."""
    with tarfile.open(out, "w") as tar:
        for entry in entries:
            _add(tar, entry)
    return out


def _add(tar: tarfile.TarFile, entry: Entry) -> None:
    info = tarfile.TarInfo(entry.path.lstrip("/"))
    info.mode, info.uid, info.gid = entry.mode, entry.owner, entry.owner
    if entry.link:
        info.type, info.linkname = tarfile.SYMTYPE, entry.link
        tar.addfile(info)
    elif entry.source is None:
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
    elif isinstance(entry.source, bytes):
        info.size = len(entry.source)
        tar.addfile(info, io.BytesIO(entry.source))
    else:
        info.size = entry.source.stat().st_size
        with entry.source.open("rb") as content:
            tar.addfile(info, content)


def write_image(out: Path, reference: str, layers: Sequence[Path], config: ImageConfig) -> Path:
    """Pack layers, the lowest first, and a configuration as an image archive with one name."""
    digests = [_digest(layer) for layer in layers]
    body = json.dumps(_configuration(config, digests)).encode()
    name = hashlib.sha256(body).hexdigest()
    names = [f"{digest}.tar" for digest in digests]
    manifest = [{"Config": f"{name}.json", "RepoTags": [reference], "Layers": names}]
    with tarfile.open(out, "w") as tar:
        _add(tar, Entry(f"{name}.json", body, mode=0o644))
        for layer_name, layer in zip(names, layers, strict=True):
            _add(tar, Entry(layer_name, layer, mode=0o644))
        _add(tar, Entry("manifest.json", json.dumps(manifest).encode(), mode=0o644))
    return out


def reference_of(archive: Path) -> str:
    """The first name that an image archive carries."""
    opener = gzip.open if archive.suffix == ".gz" else open
    with opener(archive, "rb") as raw, tarfile.open(fileobj=raw) as tar:
        member = tar.extractfile("manifest.json")
        if member is None:
            raise ValueError(f"{archive} has no manifest.json: not a docker image archive")
        return str(json.loads(member.read())[0]["RepoTags"][0])


def _configuration(config: ImageConfig, digests: Sequence[str]) -> dict[str, object]:
    return {
        "architecture": "amd64",
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {
            "Entrypoint": list(config.entrypoint) or None,
            "Cmd": list(config.cmd) or None,
            "Env": list(config.env),
            "User": config.user,
            "WorkingDir": config.workdir,
            "StopSignal": config.stop_signal,
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
        "history": [{"created": "1970-01-01T00:00:00Z"} for _ in digests],
    }


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
