"""Documents on disk, cut into pieces that can be cited: by heading and paragraph, of bounded size."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from outlast.errors import SourceError
from outlast.sources.markup import Block, html_blocks, markdown_blocks, plain, text_blocks

__all__ = ["CUTTER_VERSION", "SUFFIXES", "Piece", "UnreadableError", "pieces_of"]

CUTTER_VERSION = 1
"""Raise it whenever the same bytes are cut into other pieces: an index built by another version is not reused."""

PIECE_CHARACTERS = 1_500
"""What a piece has at the most: enough to hold a thought, little enough to send several with every request."""

MAX_TEXT_CHARACTERS = 5_000_000
"""Text of one document; a packed file of a few kilobytes can hold gigabytes of it."""

MAX_PAGES = 2_000
"""Pages of a PDF that are read."""

_HEADINGS = 3
"""Levels of headings that stand in a title."""


class UnreadableError(SourceError):
    """A document that can't be turned into text; the message says why, in a few words."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a document."""

    headings: tuple[str, ...]
    """The headings that it stands under, outermost first."""
    text: str


def pieces_of(data: bytes, suffix: str) -> list[Piece]:
    """Cut a document into pieces.

    Args:
        data: the whole file.
        suffix: of its name, in lower case; one of `SUFFIXES`.

    Raises:
        UnreadableError: it is not what its name says, or holds no text.
    """
    pieces: list[Piece] = []
    left = MAX_TEXT_CHARACTERS
    for headings, blocks in _sections(SUFFIXES[suffix](data)):
        for text in _packed(blocks):
            left -= len(text)
            if left < 0:
                raise UnreadableError(f"more than {MAX_TEXT_CHARACTERS} characters of text")
            pieces.append(Piece(headings, text))
    if not pieces:
        raise UnreadableError("no text in it")
    return pieces


def _sections(blocks: Iterable[Block]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """The paragraphs under each path of headings."""
    path: list[tuple[int, str]] = []
    paragraphs: list[str] = []
    for block in blocks:
        if not block.level:
            paragraphs.append(block.text)
            continue
        if paragraphs:
            yield _titles(path), paragraphs
            paragraphs = []
        path = [entry for entry in path if entry[0] < block.level]
        path.append((block.level, block.text[:120]))
    if paragraphs:
        yield _titles(path), paragraphs


def _titles(path: list[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(plain(text) for _, text in path[:_HEADINGS])


def _packed(paragraphs: list[str]) -> Iterator[str]:
    """Paragraphs together while they fit, long ones apart."""
    held = ""
    for paragraph in paragraphs:
        for part in _split(paragraph):
            if held and len(held) + len(part) + 2 > PIECE_CHARACTERS:
                yield held
                held = part
            else:
                held = f"{held}\n\n{part}" if held else part
    if held:
        yield held


def _split(text: str) -> Iterator[str]:
    """Parts of a long paragraph: cut after a line, a sentence or a word, whichever comes last before the bound."""
    while len(text) > PIECE_CHARACTERS:
        window = text[:PIECE_CHARACTERS]
        cuts = (window.rfind(mark) + len(mark) for mark in ("\n", ". ", " "))
        cut = next((cut for cut in cuts if cut > PIECE_CHARACTERS // 2), PIECE_CHARACTERS)
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    if text:
        yield text


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in data[:8192]:
        raise UnreadableError("binary")
    else:
        encoding = "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableError(f"not {encoding.removesuffix('-sig').upper()} text (byte {error.start})") from None


def _pdf_blocks(data: bytes) -> Iterator[Block]:
    """A heading for each page, then its paragraphs."""
    try:
        from pypdf import PdfReader
    except ImportError:
        raise UnreadableError("reading PDF needs `pip install outlast[pdf]`") from None
    left = MAX_TEXT_CHARACTERS
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("encrypted")
        for number, page in enumerate(reader.pages[:MAX_PAGES], start=1):
            text = page.extract_text()
            left -= len(text)
            if left < 0:
                raise UnreadableError(f"more than {MAX_TEXT_CHARACTERS} characters of text")
            yield Block(f"page {number}", 1)
            yield from text_blocks(text)
    except UnreadableError:
        raise
    except Exception as error:  # noqa: BLE001 - a broken file raises anything from the depths of the parser
        raise UnreadableError(f"no PDF that can be read: {plain(str(error))[:120] or type(error).__name__}") from None


SUFFIXES: dict[str, Callable[[bytes], Iterable[Block]]] = {
    ".md": lambda data: markdown_blocks(_text(data)),
    ".markdown": lambda data: markdown_blocks(_text(data)),
    ".txt": lambda data: text_blocks(_text(data)),
    ".text": lambda data: text_blocks(_text(data)),
    ".rst": lambda data: text_blocks(_text(data)),
    ".html": lambda data: html_blocks(_text(data)),
    ".htm": lambda data: html_blocks(_text(data)),
    ".pdf": _pdf_blocks,
}
"""How to read a document, by the end of its name."""
