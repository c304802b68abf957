/** One page with everything in it: plotly.js, the numbers, and what they say in words. */
import type { Chart } from "./chart.ts";
import { stepsText, valueText, wholeText } from "./numberText.ts";
import { page } from "./page.ts";
import { seriesPair } from "./pageStyle.ts";
import { themes } from "./palette.ts";
import { escapeHtml, plotlyColours, plotlyFigure } from "./plotlyFigure.ts";
import { finalReturn, groupText, type ReportSection } from "./report.ts";
import { reportScript } from "./reportScript.ts";

export interface ReportPageParts {
  readonly title: string;
  readonly sections: readonly ReportSection[];
  readonly warnings: readonly string[];
  /** Under the title: which runs, of which version. */
  readonly subtitle: string;
  /** The text of plotly.js's basic bundle. */
  readonly plotly: string;
}

/** Text that may stand in a script element. */
const inScript = (text: string): string => text.replaceAll(/<(?=\/script|!--)/gi, "\\x3C");
const jsonInScript = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");

function figureHtml(chart: Chart, isMain: boolean): string {
  const { id, title, note, summary } = chart;
  const noteHtml = note === "" ? "" : `<p class="note">${escapeHtml(note[0]!.toUpperCase() + note.slice(1))}</p>`;
  return `<figure${isMain ? ' class="main"' : ""}>
<h3 id="${id}-title">${escapeHtml(title)}</h3>
${noteHtml}
<div class="plot" id="${id}" tabindex="0" role="group" aria-labelledby="${id}-title" aria-describedby="${id}-words"></div>
<output aria-live="polite"></output>
<figcaption id="${id}-words">${summary.map((line) => `<p>${escapeHtml(line)}</p>`).join("")}</figcaption>
</figure>`;
}

/** Rows of a table, the numbers to the right. */
function tableHtml(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[],
): string {
  const cell = (tag: "th" | "td", text: string, column: number) => {
    const scope = tag === "th" ? ' scope="col"' : "";
    return `<${tag}${scope}${numbers.includes(column) ? ' class="number"' : ""}>${escapeHtml(text)}</${tag}>`;
  };
  const head = headings.map((text, i) => cell("th", text, i)).join("");
  const body = rows.map((row) => `<tr>${row.map((text, i) => cell("td", text, i)).join("")}</tr>`).join("\n");
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function runsHtml({ groups }: ReportSection): string {
  const rows = groups.flatMap(({ label, runs }) =>
    runs.map((run) => {
      const { description, curves, status, directory } = run;
      const final = finalReturn(run);
      const best = curves.best?.evaluation.mean;
      return [
        label,
        description.seed === null ? "–" : String(description.seed),
        status,
        wholeText(curves.lastStep),
        best === undefined ? "–" : `${valueText(best)} at ${stepsText(curves.best!.step)}`,
        final === null ? "–" : valueText(final),
        directory,
      ];
    }),
  );
  const headings = ["runs", "seed", "status", "steps", "best evaluation", "final return", "directory"];
  return `<details><summary>Runs (${rows.length})</summary>${tableHtml(headings, rows, [1, 3, 4, 5])}</details>`;
}

function hyperparametersHtml({ groups }: ReportSection): string {
  const values = groups.map(({ runs }) => runs[0]!.description.hyperparameters);
  const names = [...new Set(values.flatMap((one) => Object.keys(one)))];
  if (names.length === 0) return "";
  const text = (value: unknown) => (value === undefined ? "–" : value === null ? "none" : String(value));
  const rows = names.map((name) => [name, ...values.map((one) => text(one[name]))]);
  const table = tableHtml(["hyperparameter", ...groups.map(({ label }) => label)], rows, []);
  return `<details><summary>Hyperparameters</summary>${table}</details>`;
}

function sectionHtml(section: ReportSection): string {
  const { env, groups, charts } = section;
  const boxes = groups.map(
    (group, i) =>
      `<label><input type="checkbox" name="group-${i}" checked><span class="swatch" style="background:${seriesPair(i)}"></span>` +
      `<span>${escapeHtml(group.label)} <small>${escapeHtml(groupText(group))}</small></span></label>`,
  );
  const hasSeeds = charts.some(({ lines }) => lines.some(({ role }) => role === "seed"));
  if (hasSeeds) boxes.push('<label><input type="checkbox" name="seeds" checked><span>each seed</span></label>');
  const figures =
    charts.length === 0
      ? '<p class="card">No report and no evaluation yet.</p>'
      : `<div class="charts">\n${charts.map((chart, i) => figureHtml(chart, i === 0)).join("\n")}\n</div>`;
  return `<section>
<h2>${escapeHtml(env)}</h2>
<fieldset><legend>Lines of ${escapeHtml(env)}</legend>${boxes.join("\n")}</fieldset>
${figures}
${runsHtml(section)}
${hyperparametersHtml(section)}
</section>`;
}

/** The page; it opens from the disk and asks the network for nothing. */
export function reportPage({ title, subtitle, sections, warnings, plotly }: ReportPageParts): string {
  const charts = Object.fromEntries(
    sections.flatMap((section) =>
      section.charts.map((chart) => {
        const colours = { light: plotlyColours(chart, themes.light), dark: plotlyColours(chart, themes.dark) };
        return [chart.id, { figure: plotlyFigure(chart), colours }];
      }),
    ),
  );
  const said =
    warnings.length === 0
      ? ""
      : `<aside aria-label="Warnings"><strong>Not everything could be read</strong>
<ul>${warnings.map((warning) => `<li>${escapeHtml(warning)}</li>`).join("")}</ul></aside>`;
  const body = `${said}
<main>
${sections.map(sectionHtml).join("\n")}
</main>
<noscript><p>The charts need JavaScript; what they show stands under each in words.</p></noscript>
<script type="application/json" id="report-data">${jsonInScript({ charts })}</script>
<script>${inScript(plotly)}</script>
<script>${reportScript}</script>`;
  return page({ title, subtitle, allows: "script-src 'unsafe-inline'; img-src data: blob:", body });
}
