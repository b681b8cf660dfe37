"""A thin client of the API server: the few calls that the operator makes, each error translated once.

kopf watches; this writes. No client library: their models of every Kubernetes kind cost more memory than the operator.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

import aiohttp

from outlast.control.access import Access
from outlast.errors import OutlastError, UnreachableError
from outlast.job.crd import PLURAL
from outlast.job.spec import GROUP, VERSION

MAX_OBJECT = 4 * 1024 * 1024
"""Longest line of a watch: one object, and etcd takes 1.5 MB."""

TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)
"""What one call may take: the API server answers in milliseconds, or is being replaced."""

WATCH_SECONDS = 300
"""How long one watch lasts; a line that died in silence is noticed half a minute after it."""

MERGE_PATCH = "application/merge-patch+json"

Json = dict[str, Any]


class KubeError(OutlastError):
    """The API server refused; the message is its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class KubeConflictError(KubeError):
    """The object changed since it was read, or is there already."""

    retryable = True


class KubeGoneError(KubeError):
    """There is no such object."""


class KubeBusyError(KubeError):
    """The API server has no time now, or trouble of its own."""

    retryable = True


class KubeUnreachableError(UnreachableError):
    """The API server does not answer."""


def _error(status: int, message: str) -> KubeError:
    if status == 404:
        return KubeGoneError(status, message)
    if status == 409:
        return KubeConflictError(status, message)
    if status == 429 or status >= 500:
        return KubeBusyError(status, message)
    return KubeError(status, message)


def _watch_error(status: int, message: str) -> KubeError:
    return KubeGoneError(status, message) if status == 410 else _error(status, message)


def job_path(namespace: str | None, name: str = "", subresource: str = "") -> str:
    """Path of a ResearchJob, or of all of them."""
    return object_path(f"apis/{GROUP}/{VERSION}", namespace, PLURAL, name, subresource)


def object_path(api: str, namespace: str | None, plural: str, name: str = "", subresource: str = "") -> str:
    """Path of an object."""
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"/{api}{within}/{plural}" + (f"/{name}" if name else "") + (f"/{subresource}" if subresource else "")


class Kube:
    """One connection pool to the API server.

    Args:
        access: Where it is, and who asks.
        user_agent: How the calls sign themselves in the audit log.
    """

    def __init__(self, access: Access, *, user_agent: str = "outlast-operator") -> None:
        self.access = access
        self._user_agent = user_agent
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=64, keepalive_timeout=60, ssl=self.access.ssl or False)
        self._session = aiohttp.ClientSession(
            base_url=self.access.server,
            read_bufsize=MAX_OBJECT,
            connector=connector,
            timeout=TIMEOUT,
            headers={"User-Agent": self._user_agent},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, **query: str) -> Json:
        """Read."""
        return await self._call("GET", path, query=query)

    async def watch(self, path: str, **query: str) -> AsyncIterator[tuple[str, Json]]:
        """Events of a collection, until the API server ends the watch; it does so now and then.

        Raises:
            KubeGoneError: the version to watch from is too old; list again.
        """
        if self._session is None:
            raise RuntimeError("Kube is a context manager: enter it first.")
        params = {**query, "watch": "true", "timeoutSeconds": str(WATCH_SECONDS), "allowWatchBookmarks": "true"}
        patience = aiohttp.ClientTimeout(total=None, connect=5, sock_read=WATCH_SECONDS + 30)
        try:
            async with self._session.get(
                path, params=params, headers=self.access.headers(), timeout=patience
            ) as answer:
                if answer.status >= 400:
                    raise _watch_error(answer.status, await answer.text())
                async for line in answer.content:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise _watch_error(int(event["object"].get("code", 500)), str(event["object"].get("message")))
                    yield event["type"], event["object"]
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise KubeUnreachableError(f"The watch of {path} broke: {error or 'timed out'}.") from None

    async def create(self, path: str, body: Json) -> Json:
        """Create."""
        return await self._call("POST", path, body)

    async def replace(self, path: str, body: Json) -> Json:
        """Replace the object; with a resource version in it only if it is still the one that was read."""
        return await self._call("PUT", path, body)

    async def merge(self, path: str, patch: Json) -> Json:
        """Merge a patch; lists in it replace lists."""
        return await self._call("PATCH", path, patch, content_type=MERGE_PATCH)

    async def delete(self, path: str, body: Json | None = None) -> Json:
        """Delete."""
        return await self._call("DELETE", path, body)

    async def _call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        query: dict[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Json:
        if self._session is None:
            raise RuntimeError("Kube is a context manager: enter it first.")
        headers = {**self.access.headers(), "Content-Type": content_type}
        data = json.dumps(body) if body is not None else None
        try:
            async with self._session.request(method, path, data=data, params=query, headers=headers) as answer:
                text = await answer.text()
                if answer.status >= 400:
                    raise _error(answer.status, _message(text))
                parsed: Json = json.loads(text)
                return parsed
        except (aiohttp.ClientError, TimeoutError) as error:
            raise KubeUnreachableError(
                f"The API server does not answer at {self.access.server}: {error or 'timed out'}."
            ) from None


def _message(text: str) -> str:
    try:
        return str(json.loads(text).get("message") or text)
    except ValueError:
        return text[:500]
