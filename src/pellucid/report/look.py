"""The look of a report: one style sheet for screens light and dark, wide and narrow, and for paper."""

CSS = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #24292f; --soft: #57606a; --line: #d0d7de; --panel: #f6f8fa; --link: #9aa3ad;
  --shade: rgb(30 40 50 / .28);
  --accent: #0067a3; --blue: 0 114 178; --red: 213 94 0;
  --fill0: #f3f4f6; --fill1: #cfe6f5; --fill2: #fbe0cc;
  --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #cc79a7;
  --c4: #e69f00; --c5: #56b4e9; --c6: #4d4d4d; --c7: #882255;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14171c; --ink: #e6e9ed; --soft: #a3acb8; --line: #363d47; --panel: #1c2128; --link: #6f7a87;
    --shade: rgb(200 215 230 / .32);
    --accent: #6cb6ee; --blue: 61 155 214; --red: 240 122 43;
    --fill0: #2a3038; --fill1: #123a54; --fill2: #55301a;
    --c0: #3d9bd6; --c1: #f07a2b; --c2: #23b58c; --c3: #d98bb8;
    --c4: #e9a820; --c5: #6cc0ee; --c6: #a8adb4; --c7: #c9609a;
  }
  .gallery img.ink { filter: invert(1); border-color: #c9c2b8; }
  img.signed { filter: brightness(1.35); }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--paper); color: var(--ink); line-height: 1.55;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial,
    "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
  overflow-wrap: anywhere;
}
.page {
  max-width: 70rem; margin: 0 auto; padding: 2rem 1.25rem 3rem;
  display: grid; grid-template-columns: minmax(0, 1fr);
}
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem 1rem; z-index: 1; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }

header { margin-bottom: 1.5rem; }
.kicker { margin: 0; color: var(--soft); font-size: .85rem; letter-spacing: .04em; }
h1 { margin: .2rem 0 1rem; font-size: clamp(1.6rem, 4.5vw, 2.3rem); line-height: 1.2; letter-spacing: -.01em; }
h2 {
  margin: 0 0 .9rem; padding-bottom: .35rem; border-bottom: 1px solid var(--line);
  font-size: 1.35rem; line-height: 1.3;
}
h3 { margin: 1.6rem 0 .6rem; font-size: 1.02rem; }
section { margin: 0 0 2.8rem; scroll-margin-top: 1rem; }
p { margin: 0 0 .8rem; max-width: 46rem; }
.result { font-size: 1.15rem; }
.result strong { color: var(--accent); }
p.trust, p.note { color: var(--soft); font-size: .9rem; }

nav { margin-bottom: 2rem; font-size: .92rem; }
nav h2 { margin: 0 0 .4rem; padding: 0; border: 0; font-size: .92rem; color: var(--soft); font-weight: 600; }
nav ol { margin: 0; padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }

dl.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .3rem 1.2rem; margin: 0 0 1.2rem; }
dl.facts dt { color: var(--soft); }
dl.facts dd { margin: 0; }
header dl.facts {
  grid-template-columns: repeat(auto-fit, minmax(7.2rem, 1fr)); gap: .6rem; margin-top: 1.3rem;
}
header dl.facts dt { font-size: .8rem; }
header dl.facts dd { font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
dl.facts > div { display: contents; }
header dl.facts > div {
  display: block; background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; padding: .55rem .8rem;
}

/* Where a box is wider than the page, a shadow at its edge says that there is more: it lies below two covers that
   scroll away with the content. */
.box {
  overflow-x: auto;
  background:
    linear-gradient(to right, var(--paper) 30%, transparent) left / 2.4rem 100% no-repeat local,
    linear-gradient(to left, var(--paper) 30%, transparent) right / 2.4rem 100% no-repeat local,
    linear-gradient(to right, var(--shade), transparent) left top / .9rem calc(100% - 2px) no-repeat scroll,
    linear-gradient(to left, var(--shade), transparent) right top / .9rem calc(100% - 2px) no-repeat scroll;
}
.box .pellucid-equations { overflow-x: visible; }
figure.table { margin: 0 0 1.4rem; }
figure.table figcaption { padding-bottom: .35rem; max-width: 46rem; }
table { width: max-content; border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td {
  padding: .3rem .7rem; text-align: right; vertical-align: baseline; font-weight: normal;
  white-space: nowrap; overflow-wrap: normal;
}
th:first-child, td:first-child { padding-left: 0; }
th.w, td.w { text-align: left; }
thead th { border-bottom: 1px solid var(--line); color: var(--soft); font-size: .84rem; vertical-align: bottom; }
tbody tr + tr > * { border-top: 1px solid color-mix(in srgb, var(--line) 55%, transparent); }
th.w, td.w { white-space: normal; }
td.w, th.w { max-width: min(24rem, 62vw); }
tbody td.w, tbody th.w { overflow-wrap: break-word; }

.bar { display: inline-block; width: 7rem; height: .7em; background: var(--panel); border-radius: .2em; }
.bar > span { display: block; height: 100%; background: var(--c0); border-radius: .2em; opacity: .8; }
.spark { width: 6rem; height: 1.25rem; fill: var(--c0); opacity: .8; vertical-align: middle; }

table.confusion { border-collapse: separate; border-spacing: 2px; }
table.confusion th { border: 0; padding: .25rem .45rem; color: var(--ink); font-size: .84rem; }
table.confusion thead td { color: var(--soft); font-size: .78rem; text-align: left; padding-left: 0; }
table.confusion td { text-align: center; padding: .3rem .25rem; min-width: 2.5rem; border: 0; border-radius: .2rem; }
table.confusion tbody th { text-align: left; padding-left: 0; }
table.confusion thead th { text-align: center; }
table.confusion .right { background: rgb(var(--blue) / var(--s)); }
table.confusion .wrong { background: rgb(var(--red) / var(--s)); }
table.confusion td.none { color: var(--link); }

figure { margin: 0; }
figcaption { color: var(--soft); font-size: .9rem; }
figure.picture { margin: 0 0 1.4rem; }
figure.picture svg { display: block; max-width: 100%; height: auto; }
figure.picture figcaption { margin-top: .4rem; max-width: 46rem; }
figure svg * { stroke-linejoin: round; stroke-linecap: butt; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); gap: .5rem 2rem; }
.pair figure.picture svg { width: 100%; max-width: 34rem; }
img { image-rendering: pixelated; }
.gallery {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(5.4rem, 1fr)); gap: .9rem .8rem; margin: 0 0 1.2rem;
}
.gallery.units { grid-template-columns: repeat(auto-fill, minmax(4.2rem, 1fr)); gap: .6rem .5rem; }
.gallery img { display: block; width: 100%; height: auto; border: 1px solid var(--line); border-radius: .2rem; }
.gallery figcaption { margin-top: .2rem; font-size: .82rem; line-height: 1.35; text-align: center; color: var(--ink); }
.gallery small { color: var(--soft); font-size: .76rem; }
.raster { margin: 0 0 1.4rem; }
.raster img { width: min(100%, 30rem); height: auto; border: 1px solid var(--line); }

ol.findings { padding-left: 1.4rem; }
ol.findings h3 { margin-top: .6rem; }
details { margin: 0 0 1.2rem; }
summary { cursor: pointer; color: var(--accent); font-size: .92rem; padding: .15rem 0; }
details[open] > summary { margin-bottom: .6rem; }
pre {
  margin: 0 0 1.2rem; padding: .8rem 1rem; overflow-x: auto; font-size: .85rem; line-height: 1.5;
  background: var(--panel); border: 1px solid var(--line); border-radius: .5rem;
}
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
footer { color: var(--soft); font-size: .85rem; border-top: 1px solid var(--line); padding-top: 1rem; }

@media screen and (min-width: 62rem) {
  .page { grid-template-columns: 11rem minmax(0, 1fr); column-gap: 3rem; }
  header, main, footer { grid-column: 2; }
  nav { grid-column: 1; grid-row: 1 / span 3; }
  nav > div { position: sticky; top: 2rem; }
  nav ol { flex-direction: column; gap: .45rem; }
}
@media (max-width: 30rem) {
  body { font-size: 15px; }
  .page { padding: 1.25rem 1rem 2rem; }
  dl.facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dl.facts dd { margin-bottom: .5rem; }
  header dl.facts { grid-template-columns: repeat(auto-fit, minmax(6.2rem, 1fr)); gap: .5rem; }
  header dl.facts dd { margin: 0; }
  th, td { padding: .3rem .5rem; }
  pre { white-space: pre-wrap; }
}
@media print {
  @page { margin: 16mm 15mm; }
  body { font-size: 10pt; }
  .page { display: block; max-width: none; padding: 0; }
  nav, .skip, details:not([open]) { display: none; }
  .box, pre { overflow: visible; }
  .box { background: none; }
  pre { white-space: pre-wrap; }
  h2, h3, h2 + p, .table figcaption, p:has(+ pre), p:has(+ .gallery) { break-after: avoid; }
  figure, tr, dl.facts, pre, ol.findings > li { break-inside: avoid; }
  section { margin-bottom: 1.6rem; }
  table.confusion td, .bar, .bar > span { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  a { color: inherit; text-decoration: none; }
  figure.picture svg { max-height: 21cm; }
}
"""
