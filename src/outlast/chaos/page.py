"""A campaign as one HTML page that asks nothing of any server: verdict, figures, timelines, every job."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape

from outlast import __version__
from outlast.chaos import dots
from outlast.chaos.outcome import Outcome, Struck
from outlast.chaos.proof import counted
from outlast.chaos.summary import Loss, Spread, Summary
from outlast.chaos.verdict import Verdict
from outlast.render.plaintext import one_line
from outlast.render.style import STYLE
from outlast.trace.palette import stylesheet
from outlast.trace.svg import timeline_svg
from outlast.trace.timeline import Timeline

MOST_BYTES = 700_000
"""Of a page: a ConfigMap holds a megabyte, and the JSON stands beside it. Timelines are left out until it fits."""

TRACE_WIDTH = 1010
"""Of timelines, as wide as the page."""

_OWN = """\
body { max-width: 66rem; }
.verdict { border-radius: 8px; padding: 1.1rem 1.3rem; margin: 0 0 1.4rem; border: 1px solid currentColor;
  border-left-width: 6px; background: var(--box); }
.verdict b { display: block; font-size: 1.35rem; line-height: 1.3; }
.verdict span { color: var(--ink); }
.true { color: var(--good); } .false { color: var(--poor); } .unknown { color: var(--fair); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .8rem; margin: 1.2rem 0; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; background: var(--box); }
.tile b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: .85rem; }
.trace { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; margin: .9rem 0; }
.trace svg { display: block; max-width: none; }
.trace ol { margin: .2rem 0 .8rem; }
pre { white-space: pre-wrap; background: var(--box); border: 1px solid var(--line); border-radius: 6px;
  padding: .7rem .9rem; font-size: .8rem; }
"""

_STYLE = STYLE + _OWN + dots.STYLE + stylesheet()
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"

_WORDS = {Verdict.TRUE: "holds", Verdict.FALSE: "violated", Verdict.UNKNOWN: "not known"}

_HEADLINES = {
    Verdict.TRUE: "Nothing was lost, and nothing recorded was made twice",
    Verdict.FALSE: "Something that must hold did not",
    Verdict.UNKNOWN: "Not everything could be checked",
}

TITLES = {
    "history": "The history is whole",
    "ledger": "The ledger is whole",
    "completed-once": "Each step is recorded once",
    "nothing-after": "No request begins after its step is recorded",
    "mapped": "Each request belongs to a scheduled attempt",
    "answered": "Each recorded result has its request",
    "resent": "Each request sent again has a named cause",
    "usage": "Usage and cost are the sum of recorded steps",
    "report": "The report is that of an undisturbed run",
    "left-behind": "Nothing is left behind",
}


def campaign_html(told: Summary, outcomes: Sequence[Outcome], timelines: Sequence[Timeline]) -> str:
    """Render a campaign; as many timelines as fit, the first ones first."""
    for shown in range(len(timelines), -1, -1):
        page = _page(told, outcomes, timelines[:shown])
        if len(page.encode()) <= MOST_BYTES:
            return page
    return _page(told, [one for one in outcomes if not one.clean][:50], [])


def _page(told: Summary, outcomes: Sequence[Outcome], timelines: Sequence[Timeline]) -> str:
    title = f"Chaos: {_line(told.name)}"
    sections = [
        ("What has to hold", _invariants(told)),
        ("How soon jobs went on", _recovery(told)),
        ("What it cost", _costs(told)),
        ("What was sent again, and why", _causes(told)),
        ("Timelines", "".join(_timeline(timeline, outcomes) for timeline in timelines)),
        ("Jobs", _jobs(outcomes)),
    ]
    body = "".join(f"<section>\n<h2>{name}</h2>\n{text}\n</section>\n" for name, text in sections if text)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>{title}</h1>\n{_head(told)}</header>\n<main>\n{body}</main>\n"
        f'<footer class="soft">Seed {told.seed}: it makes the plan aim the same. outlast {__version__}.</footer>\n'
        "</body>\n</html>\n"
    )


def _head(told: Summary) -> str:
    sentence = f"{counted(told.hit, 'blow')} on {counted(told.jobs, 'job')}, {told.clean} of them clean."
    if told.verdict is Verdict.TRUE:
        sentence += f" That none of {told.hit} lost anything leaves at most {100 * told.bound:.2g}% at 95% confidence."
    numbers = [
        (f"{told.kills:,}", "processes or pods ended"),
        (f"{told.figures['replayed_steps']:,}", "recorded steps replayed"),
        ("0" if told.verdict is Verdict.TRUE else "?", "of them made again"),
        (f"{told.figures['resent_requests']:,}", "requests in flight sent again"),
        (f"${told.lost_cost_usd:.4f}", f"answered and lost, beside ${told.recorded_cost_usd:.4f} recorded"),
    ]
    tiles = "".join(f'<div class="tile"><b>{number}</b><span>{what}</span></div>\n' for number, what in numbers)
    wrong = "".join(f"<li>{_line(sentence)}</li>\n" for sentence in told.violations)
    return (
        f'<div class="verdict {told.verdict}"><b>{_HEADLINES[told.verdict]}</b><span>{sentence}</span></div>\n'
        + (f'<ul class="false">\n{wrong}</ul>\n' if wrong else "")
        + f'<div class="tiles">\n{tiles}</div>\n'
    )


def _invariants(told: Summary) -> str:
    rows = (
        (_line(TITLES.get(name, name)), f'<span class="badge {verdict}">{_WORDS[verdict]}</span>')
        for name, verdict in told.invariants.items()
    )
    return _table(("Invariant", "In every job"), rows)


def _recovery(told: Summary) -> str:
    parts = []
    for spreads, what in (
        (told.went_on, "seconds from the blow to the next record of the job: the result of the step that it met"),
        (told.elsewhere, "seconds from the blow to the next request of the step that it met, by another worker"),
    ):
        if spreads:
            parts.append(dots.dots(spreads, what) + _spreads(spreads))
    if parts:
        parts.append('<p class="soft">Dots are measurements, the dark stroke is the median, the red one p95.</p>')
    return "\n".join(parts)


def _spreads(spreads: Iterable[Spread]) -> str:
    rows = (
        (_line(one.kind), str(one.count), f"{one.p50:.2f} s", f"{one.p95:.2f} s", f"{one.most:.2f} s")
        for one in spreads
    )
    return _table(("Blow", "Measured", "p50", "p95", "Most"), rows, numbers=True)


def _costs(told: Summary) -> str:
    rows = []
    for who, loss in (
        ("durable, this campaign", told.durable),
        ("durable, jobs compared with a script", told.comparable),
        ("plain script, started anew each time", told.plain),
    ):
        if loss is not None:
            rows.append((who, *_loss(loss)))
    head = ("Beyond undisturbed runs", "Jobs", "Time", "Tokens", "Dollars")
    return _table(head, rows, numbers=True) if rows else ""


def _loss(loss: Loss) -> tuple[str, str, str, str]:
    def share(more: float, base: float) -> str:
        return f" ({100 * more / base:+.0f}%)" if base else ""

    return (
        str(loss.jobs),
        f"{loss.seconds:+.1f} s{share(loss.seconds, loss.undisturbed_seconds)}",
        f"{loss.tokens:+,}{share(loss.tokens, loss.undisturbed_tokens)}",
        f"{loss.micro_usd / 1e6:+.4f}{share(loss.micro_usd, loss.undisturbed_micro_usd)}",
    )


def _causes(told: Summary) -> str:
    rows = ((_line(cause), f"{count:,}") for cause, count in told.resent_by_cause.items())
    return _table(("Cause", "Requests"), rows, numbers=True) if told.resent_by_cause else ""


def _timeline(timeline: Timeline, outcomes: Sequence[Outcome]) -> str:
    struck = [one for outcome in outcomes if outcome.workflow in timeline.jobs for one in outcome.struck if one.hit]
    began = timeline.began
    blows = "".join(f"<li>{max(0.0, one.at - began):.1f} s: {_line(one.aim)}</li>\n" for one in struck)
    picture = timeline_svg(timeline, width=TRACE_WIDTH, styled=False)
    return f'<figure class="trace">{picture}<figcaption><ol class="soft">\n{blows}</ol></figcaption></figure>\n'


def _jobs(outcomes: Sequence[Outcome]) -> str:
    rows = (
        (
            _line(one.job),
            "<br>".join(map(_struck, one.struck)) or "undisturbed",
            f"{one.seconds:.1f} s",
            f'<span class="{one.verdict}">{"clean" if one.clean else _WORDS[one.verdict]}</span>',
        )
        for one in outcomes
    )
    texts = "".join(f"<h3>{_line(one.job)}</h3>\n<pre>{escape(one.text)}</pre>\n" for one in outcomes if one.text)
    return _table(("Job", "Blows", "Took", "Verdict"), rows) + texts


def _struck(struck: Struck) -> str:
    return _line(struck.aim) + ("" if struck.hit else ' <span class="soft">(its moment never came)</span>')


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = False) -> str:
    css = ' class="number"' if numbers else ""
    titles = f"<th>{head[0]}</th>" + "".join(f"<th{css}>{title}</th>" for title in head[1:])
    body = "".join(
        f"<tr><td>{row[0]}</td>{''.join(f'<td{css}>{cell}</td>' for cell in row[1:])}</tr>\n" for row in rows
    )
    return f'<div class="scroll"><table>\n<thead><tr>{titles}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>\n'


def _line(text: str) -> str:
    return escape(one_line(text))
