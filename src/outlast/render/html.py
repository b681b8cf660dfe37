"""A report as one HTML page that asks nothing of any server.

What models and sources wrote is escaped without exception, scripts are forbidden by a policy in the page itself, and
the only links out lead to the passages' own locations.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import urlsplit

from outlast import __version__
from outlast.render.document import (
    STAND_IN_NOTICE,
    TOTAL,
    CitedPassage,
    Cost,
    Part,
    ReportDocument,
    dollars,
)
from outlast.render.plaintext import one_line, plain
from outlast.render.style import STYLE
from outlast.research.models import Claim, Comparison, Cut

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"
"""Even markup that slipped through could load nothing, run nothing and send nothing."""


def report_html(document: ReportDocument) -> str:
    """Render a report."""
    title = _line(document.report.query)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>{title}</h1>\n{_head(document)}</header>\n<main>\n{_main(document)}</main>\n{_footer(document)}"
        "</body>\n</html>\n"
    )


def _head(document: ReportDocument) -> str:
    report = document.report
    parts = []
    if document.by_stand_in:
        parts.append(f'<p class="notice">{STAND_IN_NOTICE}</p>\n')
    if report.answer:
        parts.append(f'<p class="answer">{_line(report.answer)}</p>\n')
    level = report.confidence.value
    parts.append(f'<p>Confidence: <span class="badge {level}">{level}</span></p>\n')
    return "".join(parts)


def _main(document: ReportDocument) -> str:
    report = document.report
    sections = [
        ("Summary", f"<p>{_text(report.summary)}</p>"),
        ("Comparison", _comparison(report.comparison) if report.comparison else ""),
        ("Findings", _list((_claim(document, claim) for claim in report.claims), "ol")),
        ("Trade-offs", _list(map(_line, report.trade_offs))),
        ("Open questions", _list(map(_line, report.open_questions))),
        ("Left out", _list(map(_cut, report.cut), css="cut")),
        ("Searches", _list(f"{_line(s.query)}: {_line(s.purpose)}" for s in report.searches)),
        ("Cost", _costs(document.costs)),
        ("Passages", "\n".join(map(_passage, document.passages))),
    ]
    return "".join(f"<section>\n<h2>{title}</h2>\n{body}\n</section>\n" for title, body in sections if body)


def _claim(document: ReportDocument, claim: Claim) -> str:
    numbers = dict.fromkeys(document.numbers[c.passage_id, c.quote] for c in claim.citations)
    notes = " ".join(f'<a href="#quote-{n}">[{n}]</a>' for n in numbers)
    return f"{_line(claim.text)} <sup>{notes}</sup>"


def _cut(cut: Cut) -> str:
    return f"<b>{cut.reason.value}</b> {_line(cut.subject)}: {_line(cut.detail)}"


def _passage(cited: CitedPassage) -> str:
    passage = cited.passage
    text = "".join(map(_part, cited.parts()))
    stood = f", retrieved {_line(passage.retrieved_at)}" if passage.retrieved_at else ""
    return (
        f'<article class="passage">\n<h3>{_line(passage.title)}</h3>\n'
        f'<p class="soft">{_line(passage.source)}: {_location(passage.location)}{stood}</p>\n'
        f'<p>{text}</p>\n<p class="hash">sha256 {_line(passage.sha256)}</p>\n</article>'
    )


def _part(part: Part) -> str:
    tags = "".join(f'<span class="number-tag" id="quote-{n}">[{n}]</span>' for n in part.begins)
    text = _text(part.text)
    return tags + (f"<mark>{text}</mark>" if part.marked and text else text)


def _location(location: str) -> str:
    shown = _line(location)
    if not _is_web(location):
        return f"<span>{shown}</span>"
    return f'<a href="{escape(location, quote=True)}" rel="noopener noreferrer nofollow">{shown}</a>'


def _is_web(location: str) -> bool:
    """Whether a location may become a link: http or https to a host, and nothing that browsers might read otherwise."""
    if plain(location) != location or any(character.isspace() or character == "\\" for character in location):
        return False
    try:
        parts = urlsplit(location)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None


def _comparison(table: Comparison) -> str:
    width = len(table.columns)
    head = "".join(f"<th>{_line(column)}</th>" for column in table.columns)
    rows = "".join(
        f"<tr>{''.join(f'<td>{_line(cell)}</td>' for cell in [*row, *[''] * width][:width])}</tr>\n"
        for row in table.rows
    )
    return f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>'


def _costs(costs: Sequence[Cost]) -> str:
    head = "<tr><th>Role</th><th>Model</th>" + "".join(
        f'<th class="number">{title}</th>' for title in ("Requests", "Tokens in", "Tokens out", "Cost")
    )
    rows = "".join(map(_cost_row, costs))
    return f'<div class="scroll"><table>\n<thead>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>'


def _cost_row(cost: Cost) -> str:
    used = cost.usage
    spent = dollars(used.cost_usd) + (" or more" if used.unpriced_requests else "")
    numbers = (str(used.requests), f"{used.input_tokens:,}", f"{used.output_tokens:,}", spent)
    cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
    kind = ' class="total"' if cost.role == TOTAL else ""
    return f"<tr{kind}><td>{_line(cost.role)}</td><td>{_line(cost.model)}</td>{cells}</tr>\n"


def _footer(document: ReportDocument) -> str:
    ended = f", ended {document.ended:%Y-%m-%d %H:%M} UTC" if document.ended else ""
    return f'<footer class="soft">Job {_line(document.job_id)}{ended}. outlast {__version__}.</footer>\n'


def _list(items: Iterable[str], tag: str = "ul", css: str = "") -> str:
    found = "".join(f"<li>{item}</li>\n" for item in items)
    kind = f' class="{css}"' if css else ""
    return f"<{tag}{kind}>\n{found}</{tag}>" if found else ""


def _line(text: str) -> str:
    return escape(one_line(text))


def _text(text: str) -> str:
    return escape(plain(text))
