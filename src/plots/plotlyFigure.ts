/** A chart as plotly.js draws it. */
import { type Chart, type ChartLine, isNearTop, type LineRole, lastStepOf, rangeOf, xTitleOf } from "./chart.ts";
import { valueText } from "./numberText.ts";
import { faded, seriesColour, type Theme } from "./palette.ts";

type Json = Readonly<Record<string, unknown>>;

export interface PlotlyFigure {
  readonly data: readonly Json[];
  readonly layout: Json;
}

/** Colours by their paths, for `Plotly.update` when the theme changes: the numbers stay where they are. */
export interface PlotlyColours {
  /** One value a trace. */
  readonly data: Readonly<Record<string, readonly (string | null)[]>>;
  readonly layout: Readonly<Record<string, string>>;
}

const styles: Readonly<Record<LineRole, { readonly width: number; readonly opacity: number }>> = {
  raw: { width: 1, opacity: 0.4 },
  smooth: { width: 1.75, opacity: 0.7 },
  seed: { width: 1, opacity: 0.35 },
  centre: { width: 2.5, opacity: 1 },
};

/**
 * How strong a line of a role is drawn; everything that draws uses the same.
 * @param seeds lines of seeds in its group: the more there are, the fainter is each, or together they hide the rest
 */
export function lineStyle(role: LineRole, seeds = 1): { readonly width: number; readonly opacity: number } {
  const { width, opacity } = styles[role];
  return { width, opacity: role === "seed" ? opacity * Math.min(1, Math.max(0.15, 5 / seeds)) : opacity };
}

/** Lines of seeds in the group of a line. */
export const seedsBeside = (line: ChartLine, lines: readonly ChartLine[]): number =>
  lines.filter(({ role, group }) => role === "seed" && group === line.group).length;

/** Opacity of a band. */
export const bandOpacity = 0.18;

/** Numbers as plotly.js takes them in little room: little-endian, base64. */
function packed(numbers: ArrayLike<number>, type: "f4" | "i4" | "f8"): Json {
  const array =
    type === "f4" ? Float32Array.from(numbers) : type === "i4" ? Int32Array.from(numbers) : Float64Array.from(numbers);
  const bytes = new Uint8Array(array.buffer);
  let text = "";
  // apply takes so many arguments at once
  for (let i = 0; i < bytes.length; i += 8_192) text += String.fromCharCode(...bytes.subarray(i, i + 8_192));
  return { dtype: type, bdata: btoa(text) };
}

/** Steps beyond 2³¹ need float64. */
const packedSteps = (steps: Float64Array): Json => packed(steps, (steps.at(-1) ?? 0) < 2 ** 31 ? "i4" : "f8");

function bandTrace({ curve, band, group }: ChartLine): Json {
  const { low, high } = band!;
  const steps = new Float64Array([...curve.steps, ...curve.steps.toReversed()]);
  const edge = new Float64Array([...high, ...low.toReversed()]);
  // steps go back again: the last is not the greatest
  const type = (curve.steps.at(-1) ?? 0) < 2 ** 31 ? "i4" : "f8";
  return {
    type: "scatter",
    mode: "lines",
    x: packed(steps, type),
    y: packed(edge, "f4"),
    fill: "toself",
    line: { width: 0 },
    hoverinfo: "skip",
    showlegend: false,
    meta: { group, role: "band" },
  };
}

function lineTrace({ name, group, role, curve, hasDots }: ChartLine, yTitle: string): Json {
  return {
    type: "scatter",
    mode: hasDots ? "lines+markers" : "lines",
    name,
    x: packedSteps(curve.steps),
    y: packed(curve.values, "f4"),
    line: { width: styles[role].width, ...(role === "centre" ? { shape: "linear" } : {}) },
    ...(hasDots ? { marker: { size: 6 } } : {}),
    hovertemplate: `<b>${escapeHtml(name)}</b><br>step %{x:,}<br>${escapeHtml(yTitle)} %{y:,.5~r}<extra></extra>`,
    showlegend: false,
    meta: { group, role },
  };
}

export const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Traces in the order they are drawn: bands, faint lines, strong ones. */
function ordered(lines: readonly ChartLine[]): { line: ChartLine; isBand: boolean }[] {
  const order: readonly LineRole[] = ["raw", "seed", "smooth", "centre"];
  const sortedLines = [...lines].sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
  return [
    ...sortedLines.filter(({ band }) => band).map((line) => ({ line, isBand: true })),
    ...sortedLines.map((line) => ({ line, isBand: false })),
  ];
}

/** The figure without colours; `plotlyColours` has them for a theme. */
export function plotlyFigure(chart: Chart): PlotlyFigure {
  const { threshold, isLogarithmic, lines, title } = chart;
  const { low, high } = rangeOf(chart);
  const range = isLogarithmic ? [Math.log10(low), Math.log10(high)] : [low, high];
  const isReturn = /^Return/.test(title);
  const what = isReturn ? "return" : title.toLowerCase().split(",")[0]!;
  const font = { family: "system-ui, 'DejaVu Sans', sans-serif", size: 12 };
  const axis = { zeroline: false, ticks: "", automargin: true, fixedrange: false, separatethousands: true };
  const solved =
    threshold === null
      ? {}
      : {
          shapes: [
            {
              type: "line",
              xref: "paper",
              x0: 0,
              x1: 1,
              y0: threshold,
              y1: threshold,
              layer: "below",
              line: { width: 1.25, dash: "dash" },
            },
          ],
          annotations: [
            {
              xref: "paper",
              x: 0,
              y: threshold,
              xanchor: "left",
              yanchor: isNearTop(chart) ? "top" : "bottom",
              text: `solved at ${valueText(threshold)}`,
              showarrow: false,
              font: { ...font, size: 11 },
            },
          ],
        };
  return {
    data: ordered(lines).map(({ line, isBand }) => (isBand ? bandTrace(line) : lineTrace(line, what))),
    layout: {
      font,
      margin: { l: 48, r: 16, t: 8, b: 40 },
      hovermode: "closest",
      hoverlabel: { align: "left", font },
      dragmode: "zoom",
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      xaxis: {
        ...axis,
        title: { text: xTitleOf(chart), standoff: 8 },
        tickformat: "~s",
        range: [0, lastStepOf(chart)],
        nticks: 7,
      },
      yaxis: {
        ...axis,
        range,
        nticks: 7,
        ...(isLogarithmic
          ? { type: "log", tickformat: "~g", dtick: Math.max(1, Math.ceil((range[1]! - range[0]!) / 5)) }
          : {}),
      },
      ...solved,
    },
  };
}

/** The colours of a chart's figure in a theme. */
export function plotlyColours({ lines, threshold }: Chart, theme: Theme): PlotlyColours {
  const traces = ordered(lines);
  const colour = ({ line }: { line: ChartLine }) =>
    faded(seriesColour(theme, line.group), lineStyle(line.role, seedsBeside(line, lines)).opacity);
  return {
    data: {
      "line.color": traces.map((trace) => (trace.isBand ? "rgba(0,0,0,0)" : colour(trace))),
      "marker.color": traces.map((trace) => (trace.line.hasDots && !trace.isBand ? colour(trace) : null)),
      fillcolor: traces.map(({ isBand, line }) =>
        isBand ? faded(seriesColour(theme, line.group), bandOpacity) : null,
      ),
    },
    layout: {
      "font.color": theme.text,
      "xaxis.gridcolor": theme.grid,
      "yaxis.gridcolor": theme.grid,
      "xaxis.title.font.color": theme.muted,
      "xaxis.tickfont.color": theme.muted,
      "yaxis.tickfont.color": theme.muted,
      "hoverlabel.bgcolor": theme.card,
      "hoverlabel.bordercolor": theme.line,
      "hoverlabel.font.color": theme.text,
      ...(threshold === null ? {} : { "shapes[0].line.color": theme.muted, "annotations[0].font.color": theme.muted }),
    },
  };
}
