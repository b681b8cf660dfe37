"""Foreign text must not move a cursor, set a title, or read otherwise than it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlast.render.plaintext import one_line, plain

from .samples import HOSTILE

FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0;2;0;0;0\x1b\\sixel", "sixel"),
        ("\x9b31mred", "red"),
        ("\x9d0;title\x9ctext", "text"),
        ("\x1bcreset", "reset"),
        ("unfinished\x1b", "unfinished"),
        ("a\rb\x08c", "abc"),
        ("\u202egnp.exe", "gnp.exe"),
        ("a\r\nb\tc", "a\nb\tc"),
        ("Côte d’Ivoire 日本 👩‍🔬", "Côte d’Ivoire 日本 👩‍🔬"),
    ],
)
def test_only_text_is_left(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    assert not FORBIDDEN.search(plain(text))


def test_a_line_is_a_line() -> None:
    assert one_line(" a\n b\t c ") == "a b c"
    assert one_line("a" * 50, 10) == "a" * 9 + "…"
    assert "\n" not in one_line(HOSTILE)
