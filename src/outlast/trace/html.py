"""A timeline as one HTML page that asks nothing of any server: the drawing, and every attempt in a table.

As with reports, what others wrote is escaped without exception, and a policy in the page forbids scripts and loads.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from html import escape

from outlast import __version__
from outlast.render.document import TOTAL, dollars
from outlast.render.plaintext import one_line
from outlast.render.style import STYLE
from outlast.trace.palette import stylesheet
from outlast.trace.scale import duration
from outlast.trace.svg import timeline_svg
from outlast.trace.timeline import Bar, Timeline
from outlast.trace.words import WHY_CHARACTERS, bar_name, clock, cost_words, headline
from outlast.usage.meter import Usage

PAGE_STYLE = f"""{STYLE}{stylesheet()}\
body {{ max-width: 80rem; }}
.ol-trace {{ display: block; }}
td.time {{ white-space: nowrap; }}
"""

_HASH = base64.b64encode(hashlib.sha256(PAGE_STYLE.encode()).digest()).decode()

POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
"""Even markup that slipped through could load nothing, run nothing and send nothing."""


def timeline_html(timeline: Timeline) -> str:
    """Render a timeline."""
    title = _line(timeline.title)
    sections = [
        ("", f'<div class="scroll">{timeline_svg(timeline, styled=False, titled=False)}</div>'),
        ("What happened", _list(f"{_line(clock(m.at, timeline.began))}: {_line(m.text)}" for _, m in timeline.events)),
        ("Cost", _table(("Role", "Requests", "Tokens in", "Tokens out", "Cost"), _costs(timeline))),
        ("Attempts", _table(("When", "Worker", "Step", "Took", "End", "Model", "Tokens", "Cost"), _attempts(timeline))),
        ("Not told", _list(map(_line, timeline.notes))),
    ]
    body = "".join(
        f"<section>\n{f'<h2>{heading}</h2>' if heading else ''}\n{content}\n</section>\n"
        for heading, content in sections
        if content
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{PAGE_STYLE}</style>\n</head>\n<body>\n"
        f'<header>\n<h1>{title}</h1>\n<p class="soft">{_line(headline(timeline))}</p>\n</header>\n'
        f'<main>\n{body}</main>\n<footer class="soft">Drawn from history. outlast {__version__}.</footer>\n'
        "</body>\n</html>\n"
    )


def _costs(timeline: Timeline) -> Iterator[tuple[str, ...]]:
    rows: list[tuple[str, Usage]] = [*timeline.usage.items(), (TOTAL, timeline.total)]
    for role, used in rows:
        tokens = (f"{used.input_tokens:,}", f"{used.output_tokens:,}")
        yield role, str(used.requests), *tokens, cost_words(used)


def _attempts(timeline: Timeline) -> Iterator[tuple[str, ...]]:
    for worker, bar in sorted(
        ((row.name, bar) for row in timeline.rows for bar in row.bars), key=lambda pair: pair[1].start
    ):
        yield (
            ("about " if bar.surmised else "") + clock(bar.start, timeline.began),
            worker,
            f"{bar_name(bar)} ({bar.activity})",
            duration(max(0.0, bar.end - bar.start)),
            f"{bar.fate}: {one_line(bar.why, WHY_CHARACTERS)}" if bar.why else str(bar.fate),
            bar.model,
            f"{bar.input_tokens:,} + {bar.output_tokens or 0:,}" if bar.input_tokens is not None else "",
            _cost(bar),
        )


def _cost(bar: Bar) -> str:
    if not bar.asks_model:
        return ""
    return "no price" if bar.cost_usd is None else dollars(bar.cost_usd)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    titles = "".join(f"<th>{title}</th>" for title in head)
    body = "".join(f"<tr>{''.join(f'<td>{_line(cell)}</td>' for cell in row)}</tr>\n" for row in rows)
    return f'<div class="scroll"><table>\n<thead><tr>{titles}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>'


def _list(items: Iterable[str]) -> str:
    found = "".join(f"<li>{item}</li>\n" for item in items)
    return f"<ul>\n{found}</ul>" if found else ""


def _line(text: str) -> str:
    return escape(one_line(text))
