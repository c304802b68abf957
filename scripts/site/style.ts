/** The style sheet of the site. */
import { type Theme, themes } from "../../src/plots/palette.ts";

const colours = ({ page, card, text, muted, line, series }: Theme): string =>
  `--page: ${page}; --card: ${card}; --text: ${text}; --muted: ${muted}; --line: ${line}; --accent: ${series[0]}; ` +
  `--keyword: ${series[0]}; --string: ${series[2]}; --number: ${series[1]};`;

export const style = `
:root { color-scheme: light dark; ${colours(themes.light)} }
@media (prefers-color-scheme: dark) { :root { ${colours(themes.dark)} } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.6 system-ui, "DejaVu Sans", sans-serif; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; }
.menu { display: none; }
.frame { display: grid; grid-template-columns: 15rem minmax(0, 1fr); max-width: 76rem; margin: 0 auto; }
nav { padding: 1.75rem 1.25rem 2rem; font-size: .9rem; position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; }
nav .name { display: block; font-size: 1.2rem; font-weight: 700; color: var(--text); margin-bottom: 1rem; }
nav .name span { color: var(--muted); font-weight: 400; margin-left: .35rem; }
nav h2 { font-size: .75rem; letter-spacing: .06em; text-transform: uppercase; color: var(--muted); margin: 1.25rem 0 .3rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav code { background: none; padding: 0; }
nav li a { display: block; padding: .12rem .6rem; border-radius: 6px; color: var(--text); }
nav a[aria-current] { background: var(--card); color: var(--accent); box-shadow: inset 2px 0 var(--accent); }
main { min-width: 0; margin: 1.25rem 1rem 3rem 0; padding: 1.5rem 2.5rem 3rem; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
h1, h2, h3 { line-height: 1.25; }
h1 { font-size: 2rem; margin: .5rem 0 1rem; }
h2 { font-size: 1.35rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
.anchor { margin-left: .4rem; color: var(--muted); opacity: 0; font-weight: 400; }
h1:hover .anchor, h2:hover .anchor, h3:hover .anchor, .anchor:focus { opacity: 1; }
code { font: .875em/1.5 ui-monospace, "DejaVu Sans Mono", monospace; background: var(--page); padding: .1em .3em; border-radius: 4px; overflow-wrap: anywhere; }
pre { background: var(--page); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; overflow-x: auto; line-height: 1.5; }
pre code { background: none; padding: 0; overflow-wrap: normal; font-size: .84rem; }
pre.output { background: none; border-width: 0 0 0 3px; border-radius: 0; padding: .1rem 1rem; font: .82rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace; color: var(--muted); }
div.output { margin: 1rem 0; }
div.output img { border-radius: 8px; }
img { max-width: 100%; height: auto; }
.comment { color: var(--muted); font-style: italic; }
.keyword { color: var(--keyword); }
.string { color: var(--string); }
.number { color: var(--number); }
.table { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); }
td { min-width: 4rem; }
td code, th code { overflow-wrap: normal; }
hr { border: 0; border-top: 1px solid var(--line); margin: 2rem 0; }
blockquote { margin: 1rem 0; padding-left: 1rem; border-left: 3px solid var(--line); color: var(--muted); }
.hero { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1.15fr); gap: 2rem; align-items: center; margin-bottom: 1.5rem; }
.hero h1 { font-size: 2.6rem; margin: 0 0 .75rem; }
.hero h1 span { color: var(--muted); font-weight: 400; font-size: 1.6rem; margin-left: .5rem; }
.hero figure { margin: 0; }
.hero figure img { display: block; width: 100%; border-radius: 10px; }
.hero figcaption { color: var(--muted); font-size: .85rem; margin-top: .5rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .8rem; padding: 0; list-style: none; }
.cards a { display: block; height: 100%; padding: .8rem 1rem; border: 1px solid var(--line); border-radius: 10px; color: var(--text); }
.cards a:hover { border-color: var(--accent); text-decoration: none; }
.cards strong { display: block; color: var(--accent); }
.cards code { background: none; padding: 0; }
.cards span { color: var(--muted); font-size: .88rem; }
.names { font-size: .85rem; columns: 3 12rem; }
.names a { display: block; }
.kind { color: var(--muted); font-weight: 400; font-size: .8em; }
.signature { margin-top: .4rem; }
.members dt { margin-top: .7rem; }
.members dt code { white-space: pre-wrap; background: none; padding: 0; }
.members dd { margin: 0 0 0 1.2rem; color: var(--muted); font-size: .92rem; }
.members dd p { margin: .1rem 0; }
.tags { list-style: none; padding: 0; margin: .3rem 0; font-size: .92rem; }
.tag { color: var(--muted); font-style: italic; margin-right: .3rem; }
@media (max-width: 52rem) {
  .frame { display: flex; flex-direction: column; }
  .menu { display: block; text-align: right; font-size: .9rem; }
  nav { order: 2; position: static; max-height: none; padding-top: 0; }
  nav .group { display: inline-block; vertical-align: top; margin-right: 1.5rem; }
  main { margin: 1rem .5rem 2rem; padding: 1rem 1.1rem 2rem; }
  .hero { grid-template-columns: 1fr; }
}
@media print { nav { display: none; } .frame { display: block; } main { border: 0; } }
`;
