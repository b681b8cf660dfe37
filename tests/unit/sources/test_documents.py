"""How documents are cut: by heading and paragraph, of bounded size, whatever is in them."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlast.sources.documents import PIECE_CHARACTERS, SUFFIXES, UnreadableError, pieces_of
from outlast.sources.markup import Block, html_blocks, html_title, markdown_blocks, plain

MARKDOWN = """---
title: hidden
---
Before any heading.

# Guide #
Intro
on two lines.

## Install
```sh
# no heading

pip install outlast
```

Setext
------
Last.
"""


def test_markdown_is_cut_by_heading() -> None:
    assert [(piece.headings, piece.text) for piece in pieces_of(MARKDOWN.encode(), ".md")] == [
        ((), "Before any heading."),
        (("Guide",), "Intro\non two lines."),
        (("Guide", "Install"), "```sh\n# no heading\npip install outlast\n```"),
        (("Guide", "Setext"), "Last."),
    ]


def test_html_is_cut_by_heading_and_loses_what_is_not_shown() -> None:
    page = (
        "<!DOCTYPE html><html><head><title>T &amp; U</title><style>p{}</style></head><body>"
        "<nav>menu</nav><h1>One</h1><p>Some <b>bold</b> text &lt;b&gt;.</p><script>alert('<p>no</p>')</script>"
        "<h2>Two</h2><ul><li>a</li><li>b</li></ul><table><tr><td>x</td><td>y</td></tr></table><!-- no --></body>"
    )
    assert [(piece.headings, piece.text) for piece in pieces_of(page.encode(), ".html")] == [
        (("One",), "Some bold text <b>."),
        (("One", "Two"), "a\n\nb\n\nx y"),
    ]
    assert html_title(page) == "T & U"


@pytest.mark.parametrize(
    ("markup", "texts"),
    [
        ("1 < 2 and 3 > 2", ["1 < 2 and 3 > 2"]),
        ("a<br>b", ["a", "b"]),
        ("a<script>never ends", ["a"]),
        ("a<nav>never ends", ["a", "never ends"]),
        ("a<!-- never ends", ["a"]),
        ("a<p", ["a"]),
        ("<P>a</P>", ["a"]),
        ("<p>a\x1b[31m\u202eb</p>", ["a[31mb"]),
        ("", []),
    ],
)
def test_broken_html(markup: str, texts: list[str]) -> None:
    assert [block.text for block in html_blocks(markup)] == texts


@pytest.mark.parametrize("part", ["<", "<!--", "<a ", "<svg>", "<script>", "</", "<!", "&", "<nav><", "<title>"])
def test_hostile_html_takes_time_by_its_length(part: str) -> None:
    began = perf_counter()
    list(html_blocks(part * 100_000))
    assert perf_counter() - began < 5


@given(st.text(alphabet=st.sampled_from("<>/!-abph1 &;\"'=\n#`~"), max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_markup_is_read(text: str) -> None:
    for block in (*html_blocks(text), *markdown_blocks(text)):
        assert isinstance(block, Block)
        assert block.text.strip()
        assert 0 <= block.level <= 6


@given(st.lists(st.text(alphabet="ab. \n", max_size=4_000), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None)
def test_no_piece_is_too_large_and_no_word_is_lost(paragraphs: list[str]) -> None:
    text = "\n\n".join(paragraphs)
    if not text.strip():
        with pytest.raises(UnreadableError):
            pieces_of(text.encode(), ".txt")
        return
    pieces = pieces_of(text.encode(), ".txt")
    assert all(0 < len(piece.text) <= PIECE_CHARACTERS for piece in pieces)
    assert "".join("".join(piece.text.split()) for piece in pieces) == "".join(text.split())


def test_long_paragraphs_are_cut_after_a_sentence() -> None:
    text = "This sentence has some words in it. " * 100
    assert all(piece.text.endswith(".") for piece in pieces_of(text.encode(), ".txt"))


def test_only_outer_headings_stand_in_a_title() -> None:
    text = "# a\n## b\n### c\n#### d\ntext"
    assert pieces_of(text.encode(), ".md")[0].headings == ("a", "b", "c")


@pytest.mark.parametrize(
    ("data", "suffix", "reason"),
    [
        (b"\x7fELF\0\0\0", ".txt", "binary"),
        (b"caf\xe9", ".md", "not UTF-8 text"),
        (b"", ".md", "no text"),
        (b"# only a heading", ".md", "no text"),
        (b"%PDF-1.7 broken", ".pdf", "no PDF that can be read"),
        (b"x" * 6_000_000, ".txt", "more than 5000000 characters"),
    ],
)
def test_unreadable(data: bytes, suffix: str, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        pieces_of(data, suffix)


def test_other_encodings_that_say_so() -> None:
    assert pieces_of("Grüße".encode("utf-16"), ".txt")[0].text == "Grüße"
    assert pieces_of("Grüße".encode("utf-8-sig"), ".txt")[0].text == "Grüße"


def test_a_pdf_is_cut_by_page() -> None:
    pieces = pieces_of(pdf_of("Rockets need fuel.", "So do cars."), ".pdf")
    assert [(piece.headings, piece.text) for piece in pieces] == [
        (("page 1",), "Rockets need fuel."),
        (("page 2",), "So do cars."),
    ]


def test_every_suffix_is_lower_case() -> None:
    assert [suffix for suffix in SUFFIXES if suffix != suffix.lower() or not suffix.startswith(".")] == []


def test_plain_removes_what_terminals_obey() -> None:
    assert plain("a\x1b]0;x\x07\u202e\u200b\n b\t") == "a]0;x b"


def pdf_of(*pages: str) -> bytes:
    """A PDF with a line of text on each page."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids = []
    for text in pages:
        stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
        objects.append(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>"
            f"/Contents {len(objects)} 0 R>>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<</Type/Pages/Kids[{' '.join(kids)}]/Count {len(pages)}>>"
    body, offsets = "%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj{content}endobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    count = len(objects) + 1
    trailer = f"trailer<</Size {count}/Root 1 0 R>>\nstartxref\n{len(body)}\n%%EOF"
    return f"{body}xref\n0 {count}\n0000000000 65535 f \n{table}{trailer}".encode()
