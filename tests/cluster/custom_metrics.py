"""Stands in for a metrics adapter such as prometheus-adapter: serves what workers export as custom metrics of pods.

Served on this machine, which the API server reaches through a Service without pods.
"""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from tests.cluster.command import run
from tests.cluster.kubectl import Kubectl
from tests.cluster.network import HOST_ADDRESS

GROUP, VERSION = "custom.metrics.k8s.io", "v1beta2"
NAMESPACE = "kube-system"
NAME = "stand-in-metrics"

_METRIC = re.compile(rf"/apis/{GROUP}/{VERSION}/namespaces/(?P<namespace>[^/]+)/pods/\*/(?P<metric>[^/]+)")

Read = Callable[[str, str], Mapping[str, float]]
"""Values by pod, of a namespace and a metric."""


@contextmanager
def custom_metrics(kubectl: Kubectl, folder: Path, metric: str, read: Read) -> Iterator[None]:
    """Serve one metric of pods while the block runs.

    Args:
        kubectl: Of a cluster on this machine.
        folder: Takes key and certificate.
        metric: Its name.
        read: Asked for its values at each request.
    """
    server = ThreadingHTTPServer((HOST_ADDRESS, 0), _pages(metric, read))
    server.socket = _tls(folder).wrap_socket(server.socket, server_side=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    manifests = yaml.safe_dump_all(_objects(server.server_port))
    try:
        kubectl.apply(manifests)
        kubectl("wait", "--for=condition=Available", f"apiservice/{VERSION}.{GROUP}", "--timeout=50s")
        yield
    finally:
        kubectl("delete", "-f", "-", stdin=manifests)
        server.shutdown()
        server.server_close()
        serving.join()


def _pages(metric: str, read: Read) -> type[BaseHTTPRequestHandler]:
    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = _METRIC.fullmatch(unquote(urlsplit(self.path).path))
            if found is None:
                self._answer(_resources(metric))
            else:
                self._answer(_values(found["namespace"], metric, read(found["namespace"], metric)))

        def _answer(self, body: Any) -> None:
            text = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    return Pages


def _resources(metric: str) -> dict[str, Any]:
    resource = {"name": f"pods/{metric}", "singularName": "", "namespaced": True, "kind": "MetricValueList"}
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{GROUP}/{VERSION}",
        "resources": [{**resource, "verbs": ["get"]}],
    }


def _values(namespace: str, metric: str, values: Mapping[str, float]) -> dict[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    items = [
        {
            "describedObject": {"kind": "Pod", "namespace": namespace, "name": pod, "apiVersion": "/v1"},
            "metric": {"name": metric},
            "timestamp": now,
            "value": f"{round(1000 * value)}m",
        }
        for pod, value in values.items()
    ]
    return {"kind": "MetricValueList", "apiVersion": f"{GROUP}/{VERSION}", "metadata": {}, "items": items}


def _tls(folder: Path) -> ssl.SSLContext:
    key, certificate = folder / "tls.key", folder / "tls.crt"
    made = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1")
    run(["openssl", *made, "-subj", f"/CN={NAME}", "-keyout", key, "-out", certificate])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def _objects(port: int) -> list[dict[str, Any]]:
    metadata = {"name": NAME, "namespace": NAMESPACE}
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 443}]}},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {**metadata, "labels": {"kubernetes.io/service-name": NAME}},
            "addressType": "IPv4",
            "ports": [{"name": "", "port": port, "protocol": "TCP"}],
            "endpoints": [{"addresses": [HOST_ADDRESS], "conditions": {"ready": True}}],
        },
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": f"{VERSION}.{GROUP}"},
            "spec": {
                "group": GROUP,
                "version": VERSION,
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "insecureSkipTLSVerify": True,
                "service": {"name": NAME, "namespace": NAMESPACE, "port": 443},
            },
        },
    ]
