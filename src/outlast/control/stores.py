"""Object stores for reports, by the names that the admin gave them: a job names one, never an address or a key.

A report lies under `namespace/name/uid` of its job: no job overwrites the report of another, and access can be granted
by prefix. The operator is their only writer (docs/adr/0012-the-operator-writes-reports.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from outlast.errors import OutlastError, SettingsError

T = TypeVar("T")

_TROUBLE: tuple[type[Exception], ...] = (OSError, ValueError)
"""What a store raises when it can't be opened, read or written."""
with contextlib.suppress(ImportError):  # an extra: without it there are folders only
    from botocore.exceptions import BotoCoreError, ClientError

    _TROUBLE += (BotoCoreError, ClientError)

SHA256 = "sha256"
"""Metadata of an object that holds the checksum of its bytes, so that it needs no download to be compared."""

CONTENT_TYPES = {".json": "application/json", ".md": "text/markdown; charset=utf-8"}


class ResultStoreError(OutlastError):
    """A store of reports that can't be read or written now."""

    retryable = True


class ResultStore(Protocol):
    """What every kind of store can do."""

    def read_digest(self, key: str) -> str | None:
        """The checksum of an object, None where there is none."""
        ...

    def write(self, key: str, text: str) -> None:
        """Write an object whole; who reads it meanwhile sees the one before or this one."""
        ...


class ResultStores:
    """All stores that the admin bound.

    Args:
        urls: Store by name: `s3://bucket/prefix` or `file:///path`.

    Raises:
        SettingsError: a URL is none that we know, or what it needs is not installed.
    """

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._stores = {name: _open(name, url) for name, url in urls.items()}

    def problem_of(self, name: str) -> str:
        """Why a store of this name can't be used at all; empty when it can."""
        if name in self._stores:
            return ""
        known = ", ".join(sorted(self._stores)) or "none"
        return f"The operator knows no store {name!r}; it knows: {known}. Name another in spec.result.store."

    async def holds(self, name: str, key: str, documents: Mapping[str, str]) -> bool | None:
        """Whether a store holds documents as they are; None when it holds nothing of them.

        Raises:
            ResultStoreError: it can't be read now.
        """

        def digests() -> dict[str, str | None]:
            return {document: self._stores[name].read_digest(f"{key}/{document}") for document in documents}

        found = await _in_thread(digests, f"The store {name!r} can't be read")
        if not any(found.values()):
            return None
        return found == {document: digest(text) for document, text in documents.items()}

    async def write(self, name: str, key: str, documents: Mapping[str, str]) -> None:
        """Write documents.

        Raises:
            ResultStoreError: they can't be written now.
        """

        def write() -> None:
            for document, text in documents.items():
                self._stores[name].write(f"{key}/{document}", text)

        await _in_thread(write, f"The store {name!r} can't be written")


class FileStore:
    """A folder, for one machine and for tests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read_digest(self, key: str) -> str | None:
        """The checksum of a file."""
        path = self._folder / key
        return digest(path.read_text(encoding="utf-8")) if path.exists() else None

    def write(self, key: str, text: str) -> None:
        """Write a file beside its place, and move it there."""
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)


class S3Store:
    """A prefix of a bucket; region, credentials and endpoint come from where every AWS client finds them."""

    def __init__(self, bucket: str, prefix: str) -> None:
        import boto3
        from botocore.config import Config

        patience = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._s3: Any = boto3.client("s3", config=patience)

    def read_digest(self, key: str) -> str | None:
        """The checksum that was written beside an object."""
        from botocore.exceptions import ClientError

        try:
            found = self._s3.head_object(Bucket=self._bucket, Key=self._prefix + key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in {"404", "NoSuchKey", "NotFound"}:
                return None
            raise
        return str(found["Metadata"].get(SHA256, ""))

    def write(self, key: str, text: str) -> None:
        """Put an object with its checksum."""
        self._s3.put_object(
            Bucket=self._bucket,
            Key=self._prefix + key,
            Body=text.encode(),
            ContentType=CONTENT_TYPES[Path(key).suffix],
            Metadata={SHA256: digest(text)},
        )


async def _in_thread(work: Callable[[], T], what: str) -> T:
    try:
        return await asyncio.to_thread(work)
    except _TROUBLE as error:
        raise ResultStoreError(f"{what}: {error}") from None


def digest(text: str) -> str:
    """The checksum of a document."""
    return hashlib.sha256(text.encode()).hexdigest()


def _open(name: str, url: str) -> ResultStore:
    parts = urlsplit(url)
    match parts.scheme:
        case "file" if parts.netloc in ("", "localhost") and parts.path.startswith("/"):
            return FileStore(Path(unquote(parts.path)))
        case "s3" if parts.netloc:
            try:
                return S3Store(parts.netloc, parts.path.strip("/"))
            except ImportError as error:
                raise SettingsError(
                    f"OUTLAST_RESULT_STORES names an S3 bucket, but {error.name} is not installed: "
                    "pip install 'outlast[s3]'."
                ) from None
            except _TROUBLE as error:  # no region, a malformed profile
                raise SettingsError(f"OUTLAST_RESULT_STORES: the store {name!r} can't be opened: {error}.") from None
        case _:
            raise SettingsError(
                f"OUTLAST_RESULT_STORES: {name}={url!r} is no store: give file:///absolute/path or s3://bucket/prefix."
            )
