"""Makes foreign text harmless to a terminal: what a model or a source wrote may hold escapes that it would obey."""

from __future__ import annotations

import re

_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor, erase
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC and strings: titles, links
    r"|\x1b[ -/]*[0-~]?"  # the rest that begins with an escape
)
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # turn the direction of text: a line can be made to read otherwise
    "\u2028\u2029\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"  # separators, marks and tags that nobody sees
)
_SPACE = re.compile(r"\s+")


def plain(text: str) -> str:
    """The text without escape sequences and invisible controls; lines and tabs stay."""
    return _CONTROLS.sub("", _SEQUENCES.sub("", text.replace("\r\n", "\n")))


def one_line(text: str, width: int | None = None) -> str:
    """The text on one line, cut at `width` characters if it is longer."""
    folded = _SPACE.sub(" ", plain(text)).strip()
    if width is not None and len(folded) > width:
        return folded[: max(0, width - 1)].rstrip() + "…"
    return folded
