"""Markdown that a renderer reads has the report's structure, and nothing that foreign text brought."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from outlast.render.markdown import escape, report_markdown
from outlast.render.plaintext import one_line

from .samples import good, hostile

READER = MarkdownIt("commonmark", {"linkify": False}).enable("table")


def test_the_report_as_markdown() -> None:
    text = report_markdown(good())
    for line in (
        "# How large is X?",
        "**5 sq km**",
        "| Part | sq km |",
        "| more |  |",
        "- X has 5 sq km.[^1][^2]",
        "- Its land has 4.[^3][^1]",
        "- X has 6: these words are not there (QuoteNotFound)",
        "| total |  | 3 | 3,100 | 420 | $1.50 or more |",
    ):
        assert line in text.splitlines()
    assert "[^2]: “X is small” (About X, https\\://example.org/x?a=1\\&b=2, sha256 " in text


def test_hostile_text_makes_no_markup() -> None:
    html = READER.render(re.sub(r"\[\^\d+\]:?", "", report_markdown(hostile())))
    assert "<script" not in html
    assert "<img" not in html
    assert "<a " not in html
    assert "<code" not in html
    assert html.count("<h1>") == 1
    assert html.count("<table>") == 2
    assert "\x1b" not in html


@given(st.text(alphabet=st.sampled_from("ab1 .)#*_`[]()<>!|~&\\-+=:/@w\n\t")))
def test_escaped_text_reads_as_it_is(text: str) -> None:
    line = one_line(text)
    html = READER.render(f"x {escape(line)}")
    assert "<a " not in html
    shown = re.sub(r"<[^>]+>", "", html)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        shown = shown.replace(entity, character)
    assert shown.strip() == f"x {line}".strip()


@given(st.text(alphabet=st.sampled_from("a1.)#*_->+=\n "), min_size=1))
def test_escaped_lines_begin_no_list_and_no_heading(text: str) -> None:
    html = READER.render(escape(text.strip()))
    assert not re.search(r"<(ul|ol|h\d|blockquote|hr)", html)


def test_addresses_in_text_are_not_made_links_by_renderers_that_look_for_them() -> None:
    escaped = escape("see http://evil.example, www.evil.example and a@evil.example")
    assert "http://" not in escaped
    assert "www.e" not in escaped
    assert "a@e" not in escaped
