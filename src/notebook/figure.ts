/** Curves as a notebook shows them: as plotly's JSON, as SVG, and as text, whichever the reader's program can draw. */
import { UsageError } from "../errors.ts";
import type { Chart, ChartLine } from "../plots/chart.ts";
import { curveOf } from "../plots/curve.ts";
import { seriesColour, themes } from "../plots/palette.ts";
import { type PlotlyFigure, plotlyColours, plotlyFigure } from "../plots/plotlyFigure.ts";
import { chartSvg, pictureFont, textSvg, widthOf } from "../plots/svgPicture.ts";
import { terminalChart } from "../plots/terminalChart.ts";
import { jupyterDisplay, type MimeBundle, type Shown } from "./shown.ts";

export interface FigureLine {
  readonly name: string;
  /** Points (x, y) from left to right. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Half as wide and pale: what stands behind the line that matters. False unless given. */
  readonly isFaint?: boolean;
  /** Lines of one colour have one number; each its own unless given. */
  readonly colour?: number;
  /** Points (low, high) of a band around the line, one for each of its points. */
  readonly band?: readonly (readonly [low: number, high: number])[];
}

export interface FigureOptions {
  readonly title: string;
  /** A sentence under the title. */
  readonly note?: string;
  /** What the horizontal axis counts; environment steps unless given. */
  readonly x?: string;
  readonly lines: readonly FigureLine[];
  /** A level drawn as "solved at …". */
  readonly threshold?: number | null;
}

const theme = themes.light;
const size = { width: 760, height: 340 };

/** A chart of lines. As the last value of a notebook's cell it is drawn; `toSvg()` is a picture for a file. */
export class Figure implements Shown {
  readonly #chart: Chart;

  /** @throws UsageError where a band has not as many points as its line */
  constructor({ title, note = "", x, lines, threshold = null }: FigureOptions) {
    for (const { name, points, band } of lines) {
      if (band && band.length !== points.length) {
        throw new UsageError(
          `Figure: a band must have a point for each of its line's; got ${band.length} for the ${points.length} of ${name}. Give both at the same x.`,
        );
      }
    }
    this.#chart = {
      id: "figure",
      title,
      note,
      lines: lines.map(chartLine),
      ...(x === undefined ? {} : { xTitle: x }),
      threshold,
      isLogarithmic: false,
      summary: lines.filter(({ isFaint }) => !isFaint).map(({ name }) => name),
    };
  }

  /** Names and colours of the strong lines. */
  get #legend(): { name: string; colour: string }[] {
    const strong = this.#chart.lines.filter(({ role, name }) => role === "centre" && name !== "");
    return strong.map(({ name, group }) => ({ name, colour: seriesColour(theme, group) }));
  }

  toSvg(): string {
    const { width, height } = size;
    const chart = chartSvg(this.#chart, { x: 0.5, y: 0.5, width: width - 1, height: height - 1 }, theme);
    const places = this.#legend.map(({ name }) => widthOf(name, 12) + 42);
    let x = width - places.reduce((sum, place) => sum + place, 0);
    const legend = this.#legend.map(({ name, colour }, i) => {
      const swatch = `<rect x="${x}" y="19" width="18" height="4" rx="2" fill="${colour}"/>`;
      const text = textSvg(x + 24, 25, name, { size: 12, fill: theme.text });
      x += places[i]!;
      return swatch + text;
    });
    return (
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
      `font-family="${pictureFont}, system-ui, sans-serif" role="img">\n${chart}\n${legend.join("\n")}\n</svg>\n`
    );
  }

  /** What plotly.js draws. */
  toPlotly(): PlotlyFigure {
    const { data, layout } = plotlyFigure(this.#chart);
    const colours = plotlyColours(this.#chart, theme);
    const names = new Set(this.#legend.map(({ name }) => name));
    const traces = data.map((trace, i) => {
      const own = Object.entries(colours.data).map(([path, values]) => [path, values[i]] as const);
      const coloured = coloursIn(trace, own);
      const isNamed = trace.name !== undefined && names.has(trace.name as string);
      return { ...coloured, showlegend: isNamed, legendgroup: String((trace.meta as { group: number }).group) };
    });
    const { title, note } = this.#chart;
    const head = `<b>${title}</b>${note === "" ? "" : `<br><span style="font-size:11px">${note}</span>`}`;
    return {
      data: traces,
      layout: {
        ...coloursIn(layout, Object.entries(colours.layout)),
        title: { text: head, x: 0.02, xanchor: "left", font: { size: 14 } },
        legend: { orientation: "h", x: 1, xanchor: "right", y: 1.02, yanchor: "bottom" },
        margin: { l: 56, r: 24, t: 64, b: 48 },
        paper_bgcolor: theme.card,
        plot_bgcolor: theme.card,
        height: 380,
      },
    };
  }

  /** Lines of characters. */
  toString(): string {
    return terminalChart(this.#chart, { width: 76, height: 12, isColoured: false });
  }

  [jupyterDisplay](): MimeBundle {
    return {
      "application/vnd.plotly.v1+json": this.toPlotly(),
      "image/svg+xml": this.toSvg(),
      "text/plain": this.toString(),
    };
  }
}

function chartLine({ name, points, isFaint = false, colour, band }: FigureLine, i: number): ChartLine {
  const curve = curveOf(
    points.map(([x]) => x),
    points.map(([, y]) => y),
  );
  const low = Float64Array.from(band ?? [], ([bottom]) => bottom);
  const high = Float64Array.from(band ?? [], ([, top]) => top);
  const edges = band ? { band: { low, high } } : {};
  return { name, group: colour ?? i, role: isFaint ? "seed" : "centre", curve, ...edges };
}

/** The same object with values at paths such as `xaxis.tickfont.color` and `shapes[0].line.color`; null leaves it. */
function coloursIn(
  object: Readonly<Record<string, unknown>>,
  colours: readonly (readonly [path: string, colour: string | null | undefined])[],
): Record<string, unknown> {
  const copy = structuredClone(object) as Record<string, unknown>;
  for (const [path, colour] of colours) {
    if (colour === null || colour === undefined) continue;
    const keys = path.split(/[.[\]]+/).filter(Boolean);
    let place = copy;
    for (const key of keys.slice(0, -1)) place = (place[key] ??= {}) as Record<string, unknown>;
    place[keys.at(-1)!] = colour;
  }
  return copy;
}

/** A chart of lines, see `Figure`. */
export const figure = (options: FigureOptions): Figure => new Figure(options);
