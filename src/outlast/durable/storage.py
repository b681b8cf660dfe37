"""Where payloads over the threshold go, so that no job dies of Temporal's limit of 2 MB a payload and 4 MB a message.

History then holds a reference with a hash instead of the payload. The store must be reachable from every worker and
client of a namespace, and keep what it holds as long as the namespace keeps histories.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from temporalio.converter import ExternalStorage, StorageDriver

from outlast.errors import SettingsError
from outlast.settings import Settings


def external_storage(settings: Settings) -> ExternalStorage | None:
    """Open the store that the settings name, None when they name none.

    Raises:
        SettingsError: the URL is none that we know, or what it needs is not installed.
    """
    if settings.payload_store is None:
        return None
    return ExternalStorage(
        drivers=[_driver(settings.payload_store)], payload_size_threshold=settings.payload_threshold_bytes
    )


def _driver(url: str) -> StorageDriver:
    parts = urlsplit(url)
    match parts.scheme:
        case "file" if parts.netloc in ("", "localhost") and parts.path.startswith("/"):
            from outlast.durable.filestore import FileStorageDriver

            return FileStorageDriver(Path(unquote(parts.path)))
        case "s3" if parts.netloc:
            return _s3(parts.netloc, parts.path.strip("/"))
        case _:
            raise SettingsError(
                f"OUTLAST_PAYLOAD_STORE={url!r} is no store: give file:///absolute/path or s3://bucket/prefix."
            )


def _s3(bucket: str, prefix: str) -> StorageDriver:
    try:
        from outlast.durable.s3store import s3_driver
    except ImportError as error:
        raise SettingsError(
            f"OUTLAST_PAYLOAD_STORE names an S3 bucket, but {error.name} is not installed: pip install 'outlast[s3]'."
        ) from None
    return s3_driver(bucket, prefix)
