"""A comparison as one HTML page that asks nothing of any server: verdicts first, then plots, figures and every run.

What models wrote is escaped without exception, and the page forbids itself scripts and requests, as a report's does.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from html import escape

from outlast.cli.compare_plots import cost_against_success, legend_mark, steps_distribution
from outlast.cli.compare_table import cost_words, per_success_words, rows
from outlast.evals.comparison import Comparison, ModelResult, Run
from outlast.evals.task import HONESTY, SUCCESS
from outlast.render.document import STAND_IN_NOTICE, dollars
from outlast.render.plaintext import one_line, plain
from outlast.render.style import STYLE

_OWN = """\
:root { --m0: #0b5cad; --m1: #b25000; --m2: #7b3fa0; --m3: #00796b; --m4: #a3294f; --m5: #5d6b00; --wash: #fdecea; }
@media (prefers-color-scheme: dark) { :root { --m0: #6cb6ff; --m1: #ffab5e; --m2: #d2a8ff; --m3: #4fd1c0;
  --m4: #ff9bb5; --m5: #c9d35c; --wash: #2d1719; } }
body { max-width: 62rem; }
.m0 { --m: var(--m0); } .m1 { --m: var(--m1); } .m2 { --m: var(--m2); } .m3 { --m: var(--m3); } .m4 { --m: var(--m4); }
.m5 { --m: var(--m5); }
.key { width: .8rem; height: .8rem; margin-right: .45rem; vertical-align: -.05rem; }
.dot { fill: var(--m); stroke: var(--page); stroke-width: 1.5; } .bar { fill: var(--m); opacity: .8; }
.flagged .dot { fill: var(--page); stroke: var(--m); stroke-width: 2.5; }
.whisker { stroke: var(--m); stroke-width: 2; stroke-linecap: round; opacity: .75; }
.rule { stroke: var(--line); stroke-width: 1; } .tick, .axis { fill: var(--soft); font-size: 12px; }
.label, .row { fill: var(--ink); font-size: 13px; font-weight: 600; }
.plot { display: block; width: 100%; height: auto; background: var(--box); border: 1px solid var(--line);
  border-radius: 8px; font-family: inherit; }
figure { margin: 1rem 0 1.8rem; } figcaption { color: var(--soft); font-size: .9rem; margin-top: .5rem; }
.flag { background: var(--wash); border-left: 4px solid var(--poor); border-radius: 6px; padding: .8rem 1.1rem;
  margin: 1rem 0; }
.flag b { color: var(--poor); }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1.2rem; }
.rank { border: 1px solid var(--line); border-radius: 8px; padding: .4rem 1.1rem .8rem; }
.rank h3 { margin: .6rem 0 .2rem; } .rank ol { margin: .4rem 0 0; } .rank li { padding: .15rem 0; }
.badge.poor, td.poor { color: var(--poor); } td.good { color: var(--good); } td.fair { color: var(--fair); }
td .soft { white-space: nowrap; } th.sub { padding-left: 1.8rem; }
th[scope=row] { background: none; font-weight: 400; min-width: 9.5rem; overflow-wrap: break-word; }
td.poor, td.good, td.fair { white-space: nowrap; } td .why { color: var(--ink); white-space: normal; }
summary { cursor: pointer; padding: .35rem 0; } details p { margin: .2rem 0 .6rem 1.1rem; font-size: .92rem; }
"""

_STYLE = STYLE + _OWN
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"


_INVENTS = ' <span class="badge poor">invents</span>'


def comparison_html(comparison: Comparison) -> str:
    """Render a comparison."""
    title = f"{len(comparison.models)} models by {comparison.task}"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>{escape(title)}</h1>\n{_head(comparison)}</header>\n<main>\n{''.join(_sections(comparison))}"
        f"</main>\n{_footer(comparison)}</body>\n</html>\n"
    )


def _head(comparison: Comparison) -> str:
    times = "once each" if comparison.repeat == 1 else f"{comparison.repeat} times each"
    parts = [f"<p>{comparison.cases} cases of {_line(comparison.dataset)}, {times}, every run a recorded job.</p>\n"]
    if comparison.by_stand_in:
        parts.append(f'<p class="notice">{STAND_IN_NOTICE.replace("Written", "Answered")}</p>\n')
    parts += [_flag(result) for result in comparison.models if result.flagged]
    return "".join(parts)


def _flag(result: ModelResult) -> str:
    head = f"<b>✗ {_line(result.model)} invents.</b>"
    return f'<div class="flag" role="note"><p>{head} {_line(result.why)}</p></div>\n'


def _sections(comparison: Comparison) -> Iterator[str]:
    yield _section("Two rankings", _rankings(comparison))
    if plot := cost_against_success(comparison):
        told = "Bars are 95% intervals over cases. Better is up and to the left; a hollow mark invents."
        yield _section("Cost against success", f"<figure>{plot}<figcaption>{told}</figcaption></figure>")
    told = f"How often each number of {comparison.steps} was taken, counted in the recorded history; below, the mean."
    plot = steps_distribution(comparison)
    yield _section("Steps", f"<figure>{plot}<figcaption>{told}</figcaption></figure>")
    yield _section("Figures", _figures(comparison))
    yield _section("Every case", _cases(comparison))
    if evidence := "".join(_evidence(result) for result in comparison.models):
        yield _section("What was invented", evidence)


def _rankings(comparison: Comparison) -> str:
    naive = "".join(
        f"<li>{_name(comparison, result)} {_line(cost_words(result).partition(' (')[0])}"
        f"{_INVENTS if result.flagged else ''}</li>"
        for result in comparison.naive_ranking
    )
    honest = "".join(
        f"<li>{_name(comparison, result)} {_line(per_success_words(result))}, "
        f"{result.rates[SUCCESS].value:.0%} right</li>"
        for result in comparison.honest_ranking
    )
    return (
        '<div class="two"><div class="rank"><h3>Naive</h3><p class="soft">By what a run costs.</p>'
        f'<ol>{naive}</ol></div>\n<div class="rank"><h3>Honest</h3><p class="soft">By what a right answer costs, of '
        f"those that invent nothing.</p><ol>{honest or '<li>nobody</li>'}</ol></div></div>"
    )


def _figures(comparison: Comparison) -> str:
    head = "".join(f'<th scope="col" class="number">{_name(comparison, result)}</th>' for result in comparison.models)
    body = []
    for title, read in rows(comparison):
        kind = ' class="sub"' if title.startswith(" ") else ""
        cells = "".join(f'<td class="number">{_soft_interval(read(result))}</td>' for result in comparison.models)
        body.append(f'<tr><th scope="row"{kind}>{_line(title)}</th>{cells}</tr>\n')
    return _table(head, body)


def _cases(comparison: Comparison) -> str:
    head = "".join(f'<th scope="col">{_name(comparison, result)}</th>' for result in comparison.models)
    body = []
    for case in dict.fromkeys(run.case for result in comparison.models for run in result.runs):
        cells = "".join(_case_cell([run for run in result.runs if run.case == case]) for result in comparison.models)
        body.append(f'<tr><th scope="row">{_line(case)}</th>{cells}</tr>\n')
    return _table(head, body)


def _table(head: str, body: Sequence[str]) -> str:
    lines = "".join(body)
    return f'<div class="scroll"><table><thead><tr><td></td>{head}</tr></thead><tbody>\n{lines}</tbody></table></div>'


def _case_cell(runs: list[Run]) -> str:
    if not runs:
        return "<td></td>"
    right, invented = sum(run.right for run in runs), sum(not run.honest for run in runs)
    of = f" {right}/{len(runs)}" if len(runs) > 1 else ""
    if invented:
        kind, words = "poor", f"✗ invented{of}"
    elif right == len(runs):
        kind, words = "good", f"✓ right{of}"
    else:
        kind, words = "fair", f"{'failed' if any(run.failure for run in runs) else '– wrong'}{of}"
    cost = sum((run.measures.cost_usd for run in runs), Decimal(0)) / len(runs)
    steps = sum(run.measures.steps for run in runs) / len(runs)
    answer = next((run.answer or run.failure for run in runs if run.answer or run.failure), "")
    told = f'<br><span class="why soft">{_line(answer, 90)}</span>' if answer else ""
    return f'<td class="{kind}">{words} <span class="soft">{steps:.3g} steps, {dollars(cost)}</span>{told}</td>'


def _evidence(result: ModelResult) -> str:
    items = "".join(map(_invention, result.inventions))
    return f"<h3>{_line(result.model)}</h3>{items}" if items else ""


def _invention(run: Run) -> str:
    which = f"{run.case}, run {run.repeat}" if run.repeat > 1 else run.case
    reason = escape(plain(run.verdicts[HONESTY].reason))
    checked = f'<p class="soft">outlast prove {_line(run.job)}</p>'
    return f"<details><summary>{_line(which)}</summary><p>{reason}</p>{checked}</details>\n"


def _section(title: str, body: str) -> str:
    return f"<section>\n<h2>{title}</h2>\n{body}\n</section>\n"


def _name(comparison: Comparison, result: ModelResult) -> str:
    return f"{legend_mark(comparison.models.index(result))}{_line(result.model)}"


def _soft_interval(text: str) -> str:
    figure, bracket, interval = text.partition(" (")
    return f'{_line(figure)} <span class="soft">({_line(interval)}</span>' if bracket else _line(figure)


def _footer(comparison: Comparison) -> str:
    return (
        f'<footer class="soft">Comparison {_line(comparison.id)}, {comparison.ended:%Y-%m-%d %H:%M} UTC, seed '
        f"{comparison.seed}, cases sha256 {_line(comparison.dataset_sha256[:12])}. outlast {_line(comparison.outlast)}."
        "</footer>\n"
    )


def _line(text: str, width: int | None = None) -> str:
    return escape(one_line(text, width))
