"""A stand-in for an OpenTelemetry collector: takes traces over HTTP and keeps them for a test to look at."""

from __future__ import annotations

import gzip
from collections import defaultdict
from dataclasses import dataclass, field

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.loopback import LoopbackServer


@dataclass
class Collector(LoopbackServer):
    """Listens on loopback while used as a context manager."""

    spans: list[Span] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    """Everything that was sent, as it was sent but for compression."""

    def application(self) -> web.Application:
        """What is served."""
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.router.add_post("/v1/traces", self._take)
        application.router.add_post("/v1/{other}", self._ignore)
        return application

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.headers.get("Content-Encoding") == "gzip" and body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        self.raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)
        return web.Response(
            body=ExportTraceServiceResponse().SerializeToString(), content_type="application/x-protobuf"
        )

    async def _ignore(self, request: web.Request) -> web.Response:
        self.raw += await request.read()
        return web.Response(content_type="application/x-protobuf")

    def traces(self) -> dict[bytes, list[Span]]:
        """Spans by trace."""
        found: dict[bytes, list[Span]] = defaultdict(list)
        for span in self.spans:
            found[span.trace_id].append(span)
        return found

    def tree(self, spans: list[Span]) -> list[str]:
        """A trace as indented lines, in the order of time."""
        children: dict[bytes, list[Span]] = defaultdict(list)
        known = {span.span_id for span in spans}
        for span in sorted(spans, key=lambda span: span.start_time_unix_nano):
            children[span.parent_span_id if span.parent_span_id in known else b""].append(span)

        def lines(parent: bytes, depth: int) -> list[str]:
            return [
                line
                for span in children[parent]
                for line in ["  " * depth + span.name, *lines(span.span_id, depth + 1)]
            ]

        return lines(b"", 0)
