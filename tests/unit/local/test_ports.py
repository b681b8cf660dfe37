"""Ports that a restarted server can have again."""

from __future__ import annotations

import socket

import pytest

from outlast.errors import StateError
from outlast.local import ports


def test_a_port_is_free_and_out_of_reach_of_outgoing_connections() -> None:
    port = ports.free_port()
    assert port in ports.RANGE
    with socket.socket() as server:
        server.bind(("127.0.0.1", port))


def test_the_preferred_port_is_taken_when_it_is_free() -> None:
    wanted = ports.free_port()
    assert ports.free_port(wanted) == wanted


def test_another_one_is_taken_when_it_is_not() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", ports.free_port()))
        server.listen()
        assert ports.free_port(server.getsockname()[1]) != server.getsockname()[1]


def test_no_free_port_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_is_free", lambda port: False)
    with pytest.raises(StateError, match=r"No free port on 127\.0\.0\.1"):
        ports.free_port()
