/** The page of a sweep: every trial across the searched hyperparameters, in pictures and one table. No script in it. */
import { ticks, valueText, wholeText } from "./numberText.ts";
import { page } from "./page.ts";
import { escapeHtml } from "./plotlyFigure.ts";

/** A searched hyperparameter. */
export interface SweepAxis {
  readonly name: string;
  /** Share of the variance of ranks that goes with it, 0 … 1; null where there are too few trials to tell. */
  readonly importance: number | null;
  /** Labels, at places from 0 to 1. */
  readonly labels: readonly { readonly place: number; readonly text: string }[];
}

export interface SweepTrial {
  readonly trial: number;
  readonly status: "finished" | "pruned" | "failed" | "running";
  /** By axis: the place from 0 to 1, and the value in words. */
  readonly values: readonly { readonly place: number; readonly text: string }[];
  /** Mean return; null where it failed. */
  readonly score: number | null;
  readonly steps: number | null;
  readonly directory: string;
}

export interface SweepReportParts {
  readonly title: string;
  readonly subtitle: string;
  readonly axes: readonly SweepAxis[];
  /** The best first. */
  readonly trials: readonly SweepTrial[];
  /** What trains with the best configuration. */
  readonly command: string;
}

/** A trial that has a score. */
type Scored = SweepTrial & { readonly score: number };

/** The range of scores, never empty. */
function rangeOf(trials: readonly Scored[]): { low: number; high: number } {
  const scores = trials.map(({ score }) => score);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  return low < high ? { low, high } : { low: low - 1, high: high + 1 };
}

/** The best is told apart from the best quarter, and that from the rest. */
const classOf = (rank: number, count: number): string =>
  rank === 0 ? "best" : rank < Math.ceil(count / 4) ? "good" : "rest";

const text = (x: number, y: number, words: string, attributes = ""): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escapeHtml(words)}</text>`;

const tooltip = (axes: readonly SweepAxis[], { trial, status, values, score }: Scored): string => {
  const settings = axes.map(({ name }, i) => `${name} ${values[i]!.text}`).join("\n");
  return `<title>${escapeHtml(`trial ${trial} (${status}), return ${valueText(score)}\n${settings}`)}</title>`;
};

const svg = (width: number, height: number, label: string, body: readonly string[]): string =>
  `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(label)}">${body.join("\n")}</svg>`;

/** A line a trial across all axes, the return on the last one. */
function parallelCoordinates(axes: readonly SweepAxis[], trials: readonly Scored[]): string {
  const [width, height] = [1_000, 360];
  const [left, right, top, bottom] = [90, width - 70, 40, height - 20];
  const { low, high } = rangeOf(trials);
  const x = (axis: number) => left + ((right - left) * axis) / axes.length;
  const y = (place: number) => bottom - (bottom - top) * place;
  const label = (axis: number, place: number, words: string) => {
    const isLast = axis === axes.length;
    return text(
      x(axis) + (isLast ? 8 : -8),
      y(place) + 4,
      words,
      `text-anchor="${isLast ? "start" : "end"}" class="tick"`,
    );
  };
  const frames = [...axes.map(({ name }) => name), "return"].map(
    (name, axis) =>
      `<line class="axis" x1="${x(axis)}" x2="${x(axis)}" y1="${top}" y2="${bottom}"/>` +
      text(x(axis), top - 16, name, 'text-anchor="middle" class="name"'),
  );
  const labels = axes.flatMap(({ labels }, axis) => labels.map(({ place, text: words }) => label(axis, place, words)));
  const returns = ticks(low, high, 5).map((value) =>
    label(axes.length, (value - low) / (high - low), valueText(value)),
  );
  const lines = trials.map((trial, rank) => {
    const places = [...trial.values.map(({ place }) => place), (trial.score - low) / (high - low)];
    const points = places.map((place, axis) => `${x(axis).toFixed(1)},${y(place).toFixed(1)}`).join(" ");
    return `<polyline class="line ${classOf(rank, trials.length)} ${trial.status}" points="${points}">${tooltip(axes, trial)}</polyline>`;
  });
  // the best is drawn last, above the others, and labels above all lines
  const body = [...lines.reverse(), ...frames, ...labels, ...returns];
  return svg(width, height, "Every trial as a line across the hyperparameters to its return", body);
}

/** Returns over something from 0 to 1. */
function scatter(
  label: string,
  axes: readonly SweepAxis[],
  trials: readonly Scored[],
  placeOf: (trial: Scored) => number,
  labels: SweepAxis["labels"],
  bestLine: string,
): string {
  const [width, height] = [480, 260];
  const [left, right, top, bottom] = [62, width - 20, 14, height - 34];
  const { low, high } = rangeOf(trials);
  const x = (place: number) => left + 8 + (right - left - 16) * place;
  const y = (score: number) => bottom - 6 - ((bottom - top - 12) * (score - low)) / (high - low);
  const grid = ticks(low, high, 4).map(
    (value) =>
      `<line class="grid" x1="${left}" x2="${right}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}"/>` +
      text(left - 8, y(value) + 4, valueText(value), 'text-anchor="end" class="tick"'),
  );
  const below = labels.map(({ place, text: words }) =>
    text(x(place), bottom + 18, words, 'text-anchor="middle" class="tick"'),
  );
  const dots = trials.map((trial, rank) => {
    const at = `cx="${x(placeOf(trial)).toFixed(1)}" cy="${y(trial.score).toFixed(1)}"`;
    const kind = classOf(rank, trials.length);
    return `<circle class="dot ${kind} ${trial.status}" ${at} r="${kind === "best" ? 6 : 4}">${tooltip(axes, trial)}</circle>`;
  });
  const steps = bestLine === "best" ? [bestSoFar(trials, (trial) => x(placeOf(trial)), y, right)] : [];
  return svg(width, height, label, [...grid, ...below, ...steps, ...dots.reverse()]);
}

/** The largest return of any trial up to each. */
function bestSoFar(
  trials: readonly Scored[],
  x: (trial: Scored) => number,
  y: (score: number) => number,
  right: number,
) {
  const inOrder = [...trials].sort((a, b) => a.trial - b.trial);
  let best = Number.NEGATIVE_INFINITY;
  const path = inOrder.flatMap((trial, i) => {
    if (trial.score <= best) return [];
    best = trial.score;
    const at = x(trial).toFixed(1);
    return [i === 0 ? `M${at} ${y(best).toFixed(1)}` : `H${at}V${y(best).toFixed(1)}`];
  });
  return `<path class="sofar" d="${path.join("")}H${right}"/>`;
}

const figure = (title: string, note: string, picture: string, isMain = false): string =>
  `<figure${isMain ? ' class="main"' : ""}>
<h3>${escapeHtml(title)}</h3>
<p class="note">${escapeHtml(note)}</p>
${picture}
</figure>`;

function trialTable(axes: readonly SweepAxis[], trials: readonly SweepTrial[]): string {
  const cell = (tag: "td" | "th", words: string, isNumber: boolean) =>
    `<${tag}${tag === "th" ? ' scope="col"' : ""}${isNumber ? ' class="number"' : ""}>${escapeHtml(words)}</${tag}>`;
  const names = ["rank", "trial", "return", "steps", "status", ...axes.map(({ name }) => name), "directory"];
  const isNumber = (column: number) => column < 4;
  const rows = trials.map(({ trial, status, values, score, steps, directory }, rank) =>
    [
      String(rank + 1),
      String(trial),
      score === null ? "–" : valueText(score),
      steps === null ? "–" : wholeText(steps),
      status === "pruned" ? "given up" : status,
      ...values.map((value) => value.text),
      directory,
    ]
      .map((words, column) => cell("td", words, isNumber(column)))
      .join(""),
  );
  const head = names.map((words, column) => cell("th", words, isNumber(column))).join("");
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${rows.map((row) => `<tr>${row}</tr>`).join("\n")}</tbody></table></div>`;
}

const sweepStyle = `
svg { display: block; width: 100%; height: auto; margin-top: 0.5rem; }
svg text { fill: var(--text); font: 13px system-ui, "DejaVu Sans", sans-serif; }
svg .tick { fill: var(--muted); font-size: 12px; paint-order: stroke; stroke: var(--card); stroke-width: 4px; }
svg .name { font-weight: 600; }
.axis { stroke: var(--muted); stroke-width: 1.5; }
.grid { stroke: var(--line); }
.line { fill: none; stroke: var(--muted); stroke-width: 1.2; opacity: 0.35; }
.line.good { stroke: var(--focus); stroke-width: 1.8; opacity: 0.85; }
.line.best { stroke: var(--accent); stroke-width: 3.5; opacity: 1; }
.line.pruned { stroke-dasharray: 5 4; }
.line:hover { stroke: var(--text); stroke-width: 3; opacity: 1; }
.dot { fill: var(--muted); opacity: 0.55; }
.dot.good { fill: var(--focus); opacity: 0.9; }
.dot.best { fill: var(--accent); opacity: 1; }
.dot.pruned { fill: none; stroke: var(--muted); stroke-width: 1.5; }
.sofar { fill: none; stroke: var(--accent); stroke-width: 2; opacity: 0.6; }
section.card { margin-top: 1rem; }
:root { --accent: light-dark(#d55e00, #ff8f4d); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.4rem 0 0; font-size: 0.9rem; }
.key { display: inline-block; width: 1.4rem; height: 0.28rem; border-radius: 2px; margin: 0 0.4rem 0.15rem 0; }
.key + .key, .keys span:not(:first-child) .key { margin-left: 1.2rem; }
`;

/**
 * The page; it opens from the disk, asks the network for nothing and runs nothing. At least one trial has a score.
 */
export function sweepReport({ title, subtitle, axes, trials, command }: SweepReportParts): string {
  const scored = trials.filter((trial): trial is Scored => trial.score !== null);
  const last = Math.max(1, ...scored.map(({ trial }) => trial));
  const trialLabels = ticks(0, last, 5)
    .filter(Number.isInteger)
    .map((trial) => ({ place: trial / last, text: String(trial) }));
  const history = scatter(
    "Returns of trials in their order",
    axes,
    scored,
    ({ trial }) => trial / last,
    trialLabels,
    "best",
  );
  const order = [...axes.keys()].sort((a, b) => (axes[b]!.importance ?? 0) - (axes[a]!.importance ?? 0));
  const single = order.map((i) => {
    const { name, importance, labels } = axes[i]!;
    const picture = scatter(`Returns over ${name}`, axes, scored, ({ values }) => values[i]!.place, labels, "");
    const share =
      importance === null
        ? "too few trials to tell how much it matters"
        : `goes with ${Math.round(100 * importance)}% of the variance of ranks`;
    return figure(name, share, picture);
  });
  const key = (colour: string, words: string) =>
    `<span><span class="key" style="background:${colour}"></span>${words}</span>`;
  const body = `<main>
<section class="card">
<h2>Best configuration</h2>
<p class="note">Mean return ${valueText(scored[0]?.score ?? Number.NaN)}, trial ${scored[0]?.trial ?? "–"}.</p>
<pre>${escapeHtml(command)}</pre>
</section>
<section>
<p class="note keys">${key("var(--accent)", "best trial")}${key("var(--focus)", "best quarter")}${key("var(--muted)", "others; given up early: dashed, hollow")}</p>
<div class="charts">
${figure("All trials", "A line a trial; point at one for its values.", parallelCoordinates(axes, scored), true)}
${figure("In their order", "Return of each trial, and the best so far.", history)}
${single.join("\n")}
</div>
</section>
<section>
<details open>
<summary>Trials (${trials.length})</summary>${trialTable(axes, trials)}</details>
<p class="note">How much a hyperparameter goes with the ranks is the correlation ratio over its values, or over quarters of the trials by its value, corrected for the number of groups: of few trials a rough guide.</p>
</section>
</main>`;
  return page({ title, subtitle, style: sweepStyle, body });
}
