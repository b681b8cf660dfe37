"""The style sheet of HTML reports: readable in light and dark, on paper and on a phone, with no file beside it."""

STYLE = """\
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --page: #ffffff; --box: #f6f8fa;
  --accent: #0b5cad; --mark: #fff1b8; --mark-ink: #1b1f24; --good: #1a7f37; --fair: #9a6700; --poor: #b42318; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9da7b1; --line: #373e47; --page: #0f141a;
  --box: #171d25; --accent: #6cb6ff; --mark: #574a12; --mark-ink: #fdf3c7; --good: #57c26e; --fair: #e0b341;
  --poor: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 54rem; background: var(--page); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 1.2rem; }
h2 { font-size: 1.1rem; margin: 2.4rem 0 .7rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0 0 .3rem; }
a { color: var(--accent); }
p { margin: .5rem 0; white-space: pre-line; }
ul, ol { padding-left: 1.5rem; margin: .4rem 0; }
li { margin: .35rem 0; }
.answer { background: var(--box); border: 1px solid var(--line); border-left: 4px solid var(--accent);
  border-radius: 6px; padding: .9rem 1.1rem; font-size: 1.15rem; font-weight: 600; }
.soft { color: var(--soft); font-size: .9rem; }
.badge { display: inline-block; border: 1px solid currentColor; border-radius: 1rem; padding: 0 .65rem;
  font-size: .85rem; }
.high { color: var(--good); } .medium { color: var(--fair); } .low, .none { color: var(--poor); }
.notice { border: 1px dashed var(--fair); border-radius: 6px; padding: .4rem .8rem; color: var(--fair);
  font-size: .9rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .4rem .7rem; border-bottom: 1px solid var(--line); }
th { font-weight: 600; background: var(--box); }
td.number, th.number { text-align: right; }
tr.total td { font-weight: 600; border-bottom: none; }
sup a { text-decoration: none; padding: 0 .12rem; }
mark { background: var(--mark); color: var(--mark-ink); border-radius: 3px; padding: 0 .1rem; }
.passage { border: 1px solid var(--line); border-radius: 6px; padding: .8rem 1.1rem; margin: .9rem 0; }
.passage:has(:target), .passage:target { outline: 2px solid var(--accent); }
.passage p { margin: .5rem 0; white-space: pre-wrap; }
.number-tag { color: var(--soft); font-size: .75rem; vertical-align: super; scroll-margin-top: 6rem; }
.hash { font: .8rem/1.4 ui-monospace, Menlo, Consolas, monospace; color: var(--soft); }
.cut b { color: var(--poor); font-weight: 600; }
footer { margin-top: 3rem; padding-top: .8rem; border-top: 1px solid var(--line); }
@media print { body { max-width: none; padding: 0; } .passage { break-inside: avoid; } }
"""
