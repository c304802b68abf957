/** The look of the project's own pages: cards on a quiet ground, light or dark as the system is. */
import { type Theme, themes } from "./palette.ts";

const pair = (name: keyof Theme): string => `light-dark(${themes.light[name]}, ${themes.dark[name]})`;

/** Colours of the n-th group as a CSS value. */
export const seriesPair = (n: number): string => {
  const { light, dark } = themes;
  return `light-dark(${light.series[n % light.series.length]}, ${dark.series[n % dark.series.length]})`;
};

export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: ${pair("page")};
  --card: ${pair("card")};
  --text: ${pair("text")};
  --muted: ${pair("muted")};
  --line: ${pair("line")};
  --focus: ${seriesPair(0)};
  font: 16px / 1.5 system-ui, "DejaVu Sans", sans-serif;
  background: var(--page);
  color: var(--text);
  accent-color: var(--focus);
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 80rem; padding: 1.25rem clamp(1rem, 3vw, 2rem) 3rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; }
h2 { margin: 0 0 0.25rem; font-size: 1.2rem; }
h3 { margin: 0; font-size: 0.95rem; line-height: 1.35; }
header p, .note, figcaption { margin: 0; color: var(--muted); }
header p { margin-top: 0.25rem; }
.note, figcaption, td, th, details { font-size: 0.82rem; }
section { margin-top: 1.5rem; }
fieldset { border: 0; margin: 0 0 0.75rem; padding: 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; }
legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
fieldset label { display: flex; align-items: center; gap: 0.5rem; font-size: 0.9rem; }
fieldset small { color: var(--muted); font-size: 0.82rem; }
.swatch { width: 1.4rem; height: 0.28rem; border-radius: 2px; flex: none; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1rem; }
figure, .card, aside {
  margin: 0; min-width: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 0.8rem 1rem;
}
figure.main { grid-column: 1 / -1; }
.plot { height: 15rem; border-radius: 4px; outline-offset: -2px; }
.main .plot { height: 25rem; }
figcaption p { margin: 0; }
output { display: block; min-height: 1.3em; font-size: 0.82rem; }
output:empty { display: none; }
aside { margin-top: 1rem; }
aside ul { margin: 0.25rem 0 0; padding-left: 1.2rem; font-size: 0.85rem; }
details { margin-top: 1rem; }
summary { cursor: pointer; font-size: 0.9rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin-top: 0.5rem; }
th, td { text-align: left; padding: 0.2rem 1.2rem 0.2rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
:focus-visible { outline: 2px solid var(--focus); }
@media print { figure { break-inside: avoid; } }
`;
