"""A timeline as PNG, through resvg: a renderer of SVG that comes as one wheel and starts no browser."""

from __future__ import annotations

from outlast.errors import StateError
from outlast.trace.palette import Theme
from outlast.trace.svg import timeline_svg
from outlast.trace.timeline import Timeline

ZOOM = 2
"""Pixels of the picture for one of the drawing: sharp on a dense screen, and on a slide."""

_BLANK = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">{}</svg>'
_LETTER = _BLANK.format('<text y="15" font-family="DejaVu Sans, Arial, sans-serif">M</text>')


def timeline_png(timeline: Timeline, *, theme: Theme = Theme.LIGHT) -> bytes:
    """Draw a timeline.

    Args:
        timeline: What to draw.
        theme: A picture has one theme: `auto` means light.

    Raises:
        StateError: the renderer is not installed, or there is no font to write with.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise StateError(
            "PNG needs the package resvg-py: `pip install 'outlast[png]'`. SVG and HTML need nothing."
        ) from None
    if svg_to_bytes(svg_string=_LETTER) == svg_to_bytes(svg_string=_BLANK.format("")):
        raise StateError(
            "PNG needs a font, and this machine has none: install one, such as the package fonts-dejavu-core. "
            "SVG and HTML leave letters to whoever shows them."
        )
    drawing = timeline_svg(timeline, theme=Theme.LIGHT if theme is Theme.AUTO else theme)
    return bytes(svg_to_bytes(svg_string=drawing, zoom=ZOOM))
