/** The charts: what is drawn with plotly, and what it says in words. */

/** Numbers as people read them. */
export const whole = (x) => Math.round(x).toLocaleString("en-US");
export function steps(x) {
  const [scaled, unit] =
    x < 1e3 ? [x, ""] : x < 999_500 ? [x / 1e3, "k"] : x < 999.5e6 ? [x / 1e6, "M"] : [x / 1e9, "G"];
  return `${Number(scaled.toPrecision(3))}${unit}`;
}
export function number(x) {
  if (x === null || x === undefined || !Number.isFinite(x)) return "–";
  const size = Math.abs(x);
  if (size === 0) return "0";
  if (size < 1e-3 || size >= 1e7) return x.toExponential(1).replace("-", "−").replace("e−", "e-").replace("e+", "e");
  const digits = size < 0.1 ? 4 : size < 1 ? 3 : size < 10 ? 2 : size < 1000 ? 1 : 0;
  return x.toLocaleString("en-US", { maximumFractionDigits: digits }).replace("-", "−");
}
export function clock(seconds) {
  if (seconds === null || !Number.isFinite(seconds)) return "–";
  const total = Math.ceil(seconds);
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** What a colour of the page is in the present theme: canvases and plotly want it as rgb. */
export function colour(name, opacity = 1) {
  const numbers = known.get(name) ?? found(name);
  known.set(name, numbers);
  return `rgba(${numbers},${opacity})`;
}
/** Asking the page costs more than drawing with the answer. */
const known = new Map();
export const forgetColours = () => known.clear();

function found(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return (color.match(/[\d.]+/g) ?? ["0", "0", "0"]).slice(0, 3).join(",");
}

const titles = {
  averageLoss: "Loss",
  averageQ: "Mean Q-value",
  epsilon: "ε, the share of random actions",
  averageEntropy: "Entropy of the policy",
  averageValue: "Mean value",
  averageValueLoss: "Loss of the value function",
  averagePolicyLoss: "Loss of the policy",
  stepsPerSecond: "Steps per second",
};
const order = ["averageLoss", "averageQ", "averageValue", "averageEntropy", "epsilon"];
const unseen = ["updates", "episodeReturn", "evaluation"];

export function titleOf(name) {
  const words = name
    .replace(/^average/, "mean")
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return titles[name] ?? words[0].toUpperCase() + words.slice(1);
}

/** The names of the curves that get a chart, in the order of the page. */
export function shownNames(curves) {
  const rank = (name) => (name === "stepsPerSecond" ? 99 : order.includes(name) ? order.indexOf(name) : 50);
  return Object.keys(curves)
    .filter((name) => !unseen.includes(name))
    .sort((a, b) => rank(a) - rank(b));
}

const mean = (values) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Which way a curve goes at its end: its last tenth against the tenth before, in units of its range. */
function trend(values) {
  const n = Math.max(2, Math.floor(values.length / 10));
  if (values.length < 2 * n) return "";
  const range = Math.max(...values) - Math.min(...values);
  if (range === 0) return "constant";
  const change = (mean(values.slice(-n)) - mean(values.slice(-2 * n, -n))) / range;
  return Math.abs(change) < 0.03 ? "steady" : change > 0 ? "rising" : "falling";
}

/** A curve in a sentence. */
export function summaryOf({ steps: at, values }) {
  const n = values.length;
  if (n === 0) return "Waiting for the first report.";
  let [low, high] = [0, 0];
  for (let i = 1; i < n; i++) {
    if (values[i] < values[low]) low = i;
    if (values[i] > values[high]) high = i;
  }
  const way = trend(values);
  return (
    `Now ${number(values[n - 1])}${way ? `, ${way}` : ""}; ` +
    `lowest ${number(values[low])} at ${steps(at[low])}, highest ${number(values[high])} at ${steps(at[high])}.`
  );
}

/** Arrays grow in place, which plotly would not see. */
let revision = 0;

function layout(more = {}) {
  const [text, grid] = [colour("muted"), colour("grid")];
  const axis = { gridcolor: grid, linecolor: grid, zeroline: false, automargin: true, fixedrange: true };
  const { yaxis, xaxis, ...others } = more;
  return {
    font: { family: "system-ui, 'DejaVu Sans', sans-serif", size: 11, color: text },
    margin: { l: 40, r: 10, t: 6, b: 26 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    datarevision: revision++,
    showlegend: false,
    hovermode: "x unified",
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("text") } },
    xaxis: { ...axis, tickformat: "~s", nticks: 6, rangemode: "tozero", hoverformat: ",", ...xaxis },
    yaxis: { ...axis, tickformat: "~s", nticks: 5, ...yaxis },
    ...others,
  };
}

const options = { displayModeBar: false, responsive: true };
const draw = (element, traces, more) => window.Plotly.react(element, traces, layout(more), options);

/** A mean over so many neighbours, for a curve that jumps. */
function smoothed(values) {
  const width = Math.max(1, Math.floor(values.length / 40));
  let sum = 0;
  return values.map((x, i) => {
    sum += x - (i >= width ? values[i - width] : 0);
    return sum / Math.min(i + 1, width);
  });
}

/**
 * The chart of returns: greedy evaluations with their spread, training episodes faint, other runs as lines.
 * @param run {evaluations, curves, head}
 * @param others [{name, evaluations, colour}]
 */
export function drawReturns(element, { evaluations, curves, head }, others) {
  const at = evaluations.map(({ step }) => step);
  const means = evaluations.map((x) => x.mean);
  const blue = colour("series-0");
  const edge = [...evaluations.map((x) => x.mean + x.stdev), ...evaluations.map((x) => x.mean - x.stdev).reverse()];
  const training = curves.episodeReturn ?? { steps: [], values: [] };
  const traces = [
    {
      x: training.steps,
      y: smoothed(training.values),
      mode: "lines",
      name: "training episodes",
      line: { color: colour("muted", 0.55), width: 1.25 },
    },
    {
      x: [...at, ...at.toReversed()],
      y: edge,
      mode: "lines",
      fill: "toself",
      fillcolor: colour("series-0", 0.15),
      line: { width: 0 },
      hoverinfo: "skip",
    },
    ...others.map((other) => ({
      x: other.evaluations.map(({ step }) => step),
      y: other.evaluations.map((x) => x.mean),
      mode: "lines",
      name: other.name,
      line: { color: other.colour, width: 1.75, dash: "dot" },
    })),
    {
      x: at,
      y: means,
      mode: at.length > 60 ? "lines" : "lines+markers",
      name: "evaluation",
      line: { color: blue, width: 2.25 },
      marker: { size: 5 },
    },
  ];
  const { stopAt } = head;
  const more =
    stopAt === null
      ? {}
      : {
          shapes: [
            {
              type: "line",
              xref: "paper",
              x0: 0,
              x1: 1,
              y0: stopAt,
              y1: stopAt,
              line: { color: colour("good"), width: 1.25, dash: "dash" },
            },
          ],
          annotations: [
            {
              xref: "paper",
              x: 0,
              y: stopAt,
              xanchor: "left",
              yanchor: "bottom",
              text: `solved at ${number(stopAt)}`,
              showarrow: false,
              font: { size: 11, color: colour("good") },
            },
          ],
        };
  draw(element, traces, {
    ...more,
    margin: { l: 44, r: 12, t: 14, b: 38 },
    xaxis: { title: { text: "environment steps", standoff: 6 } },
  });
}

export function returnsSummary({ evaluations, curves }, others) {
  const training = curves.episodeReturn?.values ?? [];
  const latest = training.slice(-Math.max(1, Math.floor(training.length / 40)));
  const trained = training.length > 0 ? ` Training episodes return ${number(mean(latest))} now (grey).` : "";
  if (evaluations.length === 0) return `Waiting for the first evaluation.${trained}`;
  const last = evaluations.at(-1);
  const best = evaluations.reduce((a, b) => (b.mean > a.mean ? b : a));
  const which = evaluations.length === 1 ? "1 evaluation" : `${evaluations.length} evaluations`;
  const compared = others
    .filter((other) => other.evaluations.length > 0)
    .map((other) => ` ${other.name}: best ${number(Math.max(...other.evaluations.map((x) => x.mean)))}.`);
  return (
    `${which}: last ${number(last.mean)} ± ${number(last.stdev)} at step ${steps(last.step)}, ` +
    `best ${number(best.mean)} at ${steps(best.step)}, ${trend(evaluations.map((x) => x.mean)) || "just begun"}.${trained}${compared.join("")}`
  );
}

/** One statistic; a loss that spans decades on a logarithmic axis. */
export function drawStatistic(element, name, { steps: at, values }) {
  const positive = values.filter((x) => x > 0);
  // before the first update it is 0, which a logarithm has no place for
  const isWide =
    /loss/i.test(name) &&
    positive.length > 1 &&
    values.every((x) => x >= 0) &&
    Math.max(...positive) > 200 * Math.min(...positive);
  const isNoisy = name === "stepsPerSecond";
  const line = { x: at, mode: "lines", name: titleOf(name), line: { color: colour("series-0"), width: 1.75 } };
  const traces = isNoisy
    ? [
        { ...line, y: values, line: { color: colour("muted", 0.35), width: 1 }, hoverinfo: "skip" },
        { ...line, y: smoothed(values) },
      ]
    : [{ ...line, y: isWide ? values.map((x) => (x > 0 ? x : null)) : values }];
  const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  draw(element, traces, {
    yaxis: isWide
      ? { type: "log", nticks: 4, tickformat: "~g" }
      : {
          rangemode: isNoisy || name === "epsilon" ? "tozero" : "normal",
          tickformat: largest >= 1_000 ? "~s" : "~g",
          hoverformat: ",.4~g",
        },
  });
}
