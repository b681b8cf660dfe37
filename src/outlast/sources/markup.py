"""Text out of HTML and Markdown, as headings and paragraphs.

HTML is read by a scanner of our own that goes through it once: the standard library's takes time by the square of some
broken pages, and what is fetched from the web is broken on purpose when that pays. It keeps text, and drops scripts,
styles and everything that is not shown.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Block", "html_blocks", "html_title", "markdown_blocks", "plain", "text_blocks"]


@dataclass(frozen=True, slots=True)
class Block:
    """A heading or a paragraph."""

    text: str
    level: int = 0
    """1 to 6 for a heading, 0 for a paragraph."""


_RAW = frozenset({"script", "style", "title"})
"""Their content is no markup; without an end they reach to the end of the page."""
_HIDDEN = _RAW | {"template", "noscript", "svg", "iframe", "object", "nav"}
_TAG_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]*)")
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "cite", "code", "data", "dfn", "em", "font", "i", "kbd", "mark", "q", "s", "samp"}
    | {"small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "ins", "del", "big", "label"}
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_SETEXT = re.compile(r" {0,3}(=+|-{2,})[ \t]*")


def plain(text: str) -> str:
    """Text on one line, without control and direction characters, which terminals obey and readers don't see."""
    return " ".join(_CONTROLS.sub("", text).split())


def html_title(markup: str) -> str:
    """The title of a page, empty when it has none."""
    found = re.search(r"<title\b", markup[:100_000], re.IGNORECASE)
    if not found:
        return ""
    start = markup.find(">", found.end())
    end = markup.find("<", start)
    return plain(html.unescape(markup[start + 1 : end])) if 0 < start < end else ""


def html_blocks(markup: str) -> Iterator[Block]:
    """The headings and paragraphs of a page, in order."""
    words: list[str] = []
    level = 0
    for tag, text in _html_pieces(markup):
        if text:
            words.append(text)
            continue
        name = tag.removeprefix("/")
        if name in _INLINE:
            continue
        if name in ("td", "th"):
            words.append(" ")
            continue
        if block := plain(html.unescape("".join(words))):
            yield Block(block, level)
        words = []
        level = int(name[1]) if re.fullmatch(r"h[1-6]", tag) else 0


def _html_pieces(markup: str) -> Iterator[tuple[str, str]]:
    """Tags by name, a slash before those that end, and the text between them; at the end a tag, to flush the last."""
    at = 0
    endless: set[str] = set()
    while (start := markup.find("<", at)) >= 0:
        if start > at:
            yield "", markup[at:start]
        if markup.startswith("<!--", start):
            at = _after(markup, "-->", start)
            continue
        name = _TAG_NAME.match(markup, start + 1)
        if name is None and markup[start + 1 : start + 2] not in ("!", "?"):
            yield "", "<"  # a bare one, as in 1 < 2
            at = start + 1
            continue
        at = _after(markup, ">", start)
        if name is None:
            continue
        tag = markup[start + 1 : name.end()].lower()
        yield tag, ""
        if tag in _HIDDEN and tag not in endless:
            if end := re.compile(f"</{tag}", re.IGNORECASE).search(markup, at):
                at = end.start()
            elif tag in _RAW:
                at = len(markup)
            else:
                endless.add(tag)  # not searched for again, which would cost the length of the page each time
    if at < len(markup):
        yield "", markup[at:]
    yield "p", ""


def _after(markup: str, mark: str, start: int) -> int:
    """The place after the next mark; the end when there is none, as browsers read it."""
    found = markup.find(mark, start)
    return len(markup) if found < 0 else found + len(mark)


def markdown_blocks(text: str) -> Iterator[Block]:
    """The headings and paragraphs of a Markdown text; code blocks stay whole."""
    lines: list[str] = []
    fence = ""
    for line in _without_front_matter(text.splitlines()):
        opened = _FENCE.match(line)
        if fence or opened:
            lines.append(line)
            if fence and opened and opened[1].startswith(fence):
                fence = ""
            elif opened and not fence:
                fence = opened[1]
            continue
        heading = _ATX.fullmatch(line)
        underline = _SETEXT.fullmatch(line) if len(lines) == 1 else None
        if heading or underline or not line.strip():
            if underline:
                yield Block(plain(lines[0]), 1 if underline[1].startswith("=") else 2)
            else:
                yield from _paragraph(lines)
            lines = []
            if heading and heading[2]:
                yield Block(plain(heading[2]), len(heading[1]))
        else:
            lines.append(line)
    yield from _paragraph(lines)


def text_blocks(text: str) -> Iterator[Block]:
    """The paragraphs of a text, parted by empty lines."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.strip():
            lines.append(line)
        else:
            yield from _paragraph(lines)
            lines = []
    yield from _paragraph(lines)


def _paragraph(lines: list[str]) -> Iterator[Block]:
    kept = [_CONTROLS.sub("", line).rstrip() for line in lines]
    if text := "\n".join(line for line in kept if line):
        yield Block(text)


def _without_front_matter(lines: list[str]) -> list[str]:
    if lines and lines[0].strip() == "---" and "---" in (rest := [line.strip() for line in lines[1:200]]):
        return lines[rest.index("---") + 2 :]
    return lines
