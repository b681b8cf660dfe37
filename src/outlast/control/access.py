"""How a process gets at the API server: as a pod by its service account, else by a kubeconfig."""

from __future__ import annotations

import base64
import os
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from outlast.errors import SettingsError

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

TOKEN_SECONDS = 60
"""How long a token that was read is used: the kubelet replaces it well before it expires."""


@dataclass(slots=True)
class Access:
    """Where the API server is and how to prove who asks."""

    server: str
    ssl: ssl.SSLContext | None
    namespace: str
    """The one that the process itself runs in, or that its context names."""
    token_file: Path | None = None
    token: str | None = None
    _read_at: float = field(default=0.0, repr=False)

    def headers(self) -> dict[str, str]:
        """Headers of a request made now; a token file is read again from time to time, since tokens are rotated."""
        if self.token_file is not None and time.monotonic() - self._read_at > TOKEN_SECONDS:
            self.token = self.token_file.read_text().strip()
            self._read_at = time.monotonic()
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def find_access(kubeconfig: Path | None = None) -> Access:
    """Find the way in: the given kubeconfig, the pod's service account, `KUBECONFIG`, the home's.

    Raises:
        SettingsError: there is none, or it can't be used.
    """
    if kubeconfig is None and (SERVICE_ACCOUNT / "token").exists():
        return _of_pod()
    listed = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    path = kubeconfig or (Path(listed) if listed else Path.home() / ".kube" / "config")
    if not path.exists():
        raise SettingsError(f"No way to reach an API server: no service account here and no kubeconfig at {path}.")
    return _of_kubeconfig(path)


def _of_pod() -> Access:
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    return Access(
        server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        ssl=ssl.create_default_context(cafile=str(SERVICE_ACCOUNT / "ca.crt")),
        namespace=(SERVICE_ACCOUNT / "namespace").read_text().strip(),
        token_file=SERVICE_ACCOUNT / "token",
    )


def _of_kubeconfig(path: Path) -> Access:
    config = yaml.safe_load(path.read_text())

    def named(kind: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next((item for item in config.get(f"{kind}s", []) if item["name"] == name), {})
        inner: dict[str, Any] = found.get(kind) or {}
        return inner

    context = named("context", config.get("current-context", ""))
    cluster, user = named("cluster", context.get("cluster", "")), named("user", context.get("user", ""))
    if not cluster:
        raise SettingsError(f"The kubeconfig {path} has no current context that names a cluster of it.")
    if "exec" in user or "auth-provider" in user:
        raise SettingsError(f"The kubeconfig {path} gets its credentials from a program; give the operator a token.")
    return Access(
        server=cluster["server"],
        ssl=_tls(cluster, user, path.parent) if cluster["server"].startswith("https") else None,
        namespace=context.get("namespace") or "default",
        token=user.get("token"),
        token_file=Path(user["tokenFile"]) if "tokenFile" in user else None,
    )


def _tls(cluster: dict[str, Any], user: dict[str, Any], folder: Path) -> ssl.SSLContext:
    data = cluster.get("certificate-authority-data")
    file = cluster.get("certificate-authority")
    context = ssl.create_default_context(
        cadata=base64.b64decode(data).decode() if data else None, cafile=str(folder / file) if file else None
    )
    if "client-certificate-data" in user:
        # The ssl module reads certificates from files only. This file lives in memory and has no name.
        descriptor = os.memfd_create("client")
        with open(descriptor, "wb", closefd=False) as pair:
            pair.write(base64.b64decode(user["client-certificate-data"]) + b"\n")
            pair.write(base64.b64decode(user["client-key-data"]))
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
        os.close(descriptor)
    elif "client-certificate" in user:
        context.load_cert_chain(str(folder / user["client-certificate"]), str(folder / user["client-key"]))
    return context
