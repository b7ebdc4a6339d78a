/** The page's style: every colour has a contrast of at least 4.5:1 on its ground, in light and in dark. */
export const css = `:root{color-scheme:light dark;--ground:#fff;--text:#1b1b1f;--quiet:#555b66;--line:#c5c9d1;--soft:#f3f4f7;--good:#0b6b33;--bad:#b3141d;--warn:#7a4b00;--link:#0b4fa8}
@media (prefers-color-scheme:dark){:root{--ground:#15171b;--text:#eceef2;--quiet:#a9b0bc;--line:#474d58;--soft:#20242b;--good:#6fd595;--bad:#ff8f8a;--warn:#f0b95a;--link:#8ab8ff}}
@media print{:root{color-scheme:light;--ground:#fff;--text:#000;--quiet:#444;--line:#999;--soft:#fff;--good:#0b6b33;--bad:#b3141d;--warn:#7a4b00;--link:#000}}
@page{size:A4;margin:14mm}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:70rem;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,sans-serif}
h1,h2,h3,h4{line-height:1.25;overflow-wrap:anywhere}
h2{margin-top:2rem;border-bottom:1px solid var(--line)}
p,li,dd,bdi,code{overflow-wrap:anywhere}
a{color:var(--link)}
.verdict{font-size:1.25rem;padding:.6rem .8rem;border:2px solid;border-radius:6px}
.ok,td.accepted{color:var(--good)}
.critical,td.refused{color:var(--bad)}
.warning,.unknown,td.depends,td.undetermined{color:var(--warn)}
td.refused{font-weight:bold}
table{border-collapse:collapse;width:100%;font-size:.875rem;table-layout:auto}
caption{text-align:left;color:var(--quiet)}
th,td{border:1px solid var(--line);padding:.25rem .6rem;text-align:left}
thead th,td{white-space:nowrap}
.wide{overflow-x:auto}
.finding{border-left:4px solid;padding-left:.8rem;margin:1rem 0;break-inside:avoid}
.finding h3,.finding h4{margin:.2rem 0}
.finding.info{color:var(--quiet)}
.finding p{color:var(--text)}
.severity{text-transform:uppercase;font-size:.8em}
.quiet,.finding .quiet{color:var(--quiet);font-size:.875rem}
pre{margin:.3rem 0;padding:.5rem .7rem;background:var(--soft);border:1px solid var(--line);border-radius:4px;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.8125rem}
li{break-inside:avoid}
details{border:1px solid var(--line);border-radius:4px;margin:.3rem 0;padding:.3rem .6rem}
summary{cursor:pointer}
summary:focus-visible,a:focus-visible,.wide:focus-visible{outline:3px solid var(--link);outline-offset:2px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;font-size:.875rem}
dt{color:var(--quiet)}
dd{margin:0}
svg{display:block;width:100%;height:auto;font:13px system-ui,sans-serif}
svg text{text-anchor:middle;fill:var(--text)}
svg .note{font-size:11px;fill:var(--quiet)}
svg rect{fill:var(--soft);stroke:var(--quiet);stroke-width:1.5}
svg .missing rect,svg .down rect{stroke:var(--bad);stroke-dasharray:5 4;fill:none}
svg .missing .note,svg .down .note{fill:var(--bad);font-weight:bold}
svg .superfluous rect{stroke-dasharray:2 3}
svg .anchor rect{stroke:var(--good)}
svg .arrow{fill:none;stroke:var(--quiet);stroke-width:1.5}
svg .arrow.missing{stroke:var(--bad);stroke-dasharray:5 4}
svg .tip{fill:var(--quiet)}
footer{color:var(--quiet);font-size:.875rem}
`
