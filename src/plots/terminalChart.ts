/** A chart in a terminal: lines of braille dots, two wide and four high a character. */
import { type Chart, type ChartLine, lastStepOf, rangeOf } from "./chart.ts";
import { axisTexts, logTicks, stepsText, ticks, valueText } from "./numberText.ts";

export interface TerminalOptions {
  /** Characters. */
  readonly width: number;
  readonly height: number;
  /** Whether groups have colours, by escape codes. */
  readonly isColoured: boolean;
}

/** ANSI colours of groups: blue, yellow, green, magenta, cyan, red. */
const colours = [34, 33, 32, 35, 36, 31];
const painted = (text: string, group: number): string => `\u001b[${colours[group % colours.length]}m${text}\u001b[39m`;

/** Bits of the dots of a braille character, by row and column. */
const dots = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/** A field of dots; each character belongs to the last group that drew in it. */
class DotField {
  readonly columns: number;
  readonly rows: number;
  readonly #bits: Uint8Array;
  readonly #groups: Int16Array;
  readonly #letters = new Map<number, string>();

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.#bits = new Uint8Array(columns * rows);
    this.#groups = new Int16Array(columns * rows).fill(-1);
  }

  #set(x: number, y: number, group: number): void {
    if (x < 0 || y < 0 || x >= 2 * this.columns || y >= 4 * this.rows) return;
    const cell = (y >> 2) * this.columns + (x >> 1);
    this.#bits[cell]! |= dots[y & 3]![x & 1]!;
    this.#groups[cell] = group;
  }

  line(x0: number, y0: number, x1: number, y1: number, group: number, isDashed = false): void {
    const n = Math.max(1, Math.abs(x1 - x0), Math.abs(y1 - y0));
    for (let i = 0; i <= n; i++) {
      if (isDashed && i % 4 > 1) continue;
      this.#set(Math.round(x0 + ((x1 - x0) * i) / n), Math.round(y0 + ((y1 - y0) * i) / n), group);
    }
  }

  /** A letter that stands above the dots. */
  letter(x: number, y: number, letter: string, group: number): void {
    const cell = Math.max(0, Math.min(this.rows - 1, y >> 2)) * this.columns + (x >> 1);
    this.#letters.set(cell, letter);
    this.#groups[cell] = group;
  }

  row(y: number, isColoured: boolean): string {
    let text = "";
    for (let x = 0; x < this.columns; x++) {
      const cell = y * this.columns + x;
      const bits = this.#bits[cell]!;
      const group = this.#groups[cell]!;
      const character = this.#letters.get(cell) ?? (bits === 0 ? " " : String.fromCharCode(0x2800 + bits));
      text += isColoured && character !== " " && group >= 0 ? painted(character, group) : character;
    }
    return isColoured ? text : text.trimEnd();
  }
}

/** Lines that can be told apart in so few dots: the strong ones, and one behind them where there is a single group. */
function visibleLines({ lines }: Chart): readonly ChartLine[] {
  const centres = lines.filter(({ role }) => role === "centre");
  return centres.length > 0 ? centres : lines;
}

/** The chart, its axes and what it says in words, as lines of text. */
export function terminalChart(chart: Chart, { width, height, isColoured }: TerminalOptions): string {
  const { title, threshold, isLogarithmic, summary } = chart;
  const lines = visibleLines(chart);
  const { low, high } = rangeOf({ ...chart, lines: lines.map(({ band: _, ...line }) => line) });
  const scaled = (value: number) => (isLogarithmic ? Math.log10(value) : value);
  const rows = Math.max(4, height);
  const places = isLogarithmic ? logTicks(low, high, rows / 2) : ticks(low, high, Math.max(2, rows / 3));
  const labels = isLogarithmic ? places.map(valueText) : axisTexts(places);
  const margin = Math.max(...labels.map((label) => label.length));
  const field = new DotField(Math.max(10, width - margin - 2), rows);
  const lastStep = lastStepOf(chart);
  const px = (step: number) => Math.round((step / lastStep) * (2 * field.columns - 1));
  const py = (value: number) =>
    Math.round((1 - (scaled(value) - scaled(low)) / (scaled(high) - scaled(low))) * (4 * rows - 1));
  if (threshold !== null) field.line(0, py(threshold), 2 * field.columns - 1, py(threshold), -1, true);
  for (const { curve, group } of lines) {
    const { steps, values } = curve;
    for (let i = 0; i < steps.length; i++) {
      const before = Math.max(0, i - 1);
      field.line(px(steps[before]!), py(values[before]!), px(steps[i]!), py(values[i]!), group);
    }
  }
  const groups = [...new Set(lines.map(({ group }) => group))];
  const letterOf = (group: number) => (groups.length > 1 ? String.fromCharCode(65 + groups.indexOf(group)) : "━━");
  for (const { curve, group } of groups.length > 1 ? lines : []) {
    // each at another place, so that none hides one before
    const share = 0.35 + (0.5 * groups.indexOf(group)) / Math.max(1, groups.length - 1);
    const i = Math.round(share * (curve.steps.length - 1));
    field.letter(px(curve.steps[i]!), py(curve.values[i]!), letterOf(group), group);
  }
  const labelAt = new Map(places.map((value, i) => [Math.min(rows - 1, py(value) >> 2), labels[i]!]));
  const body = Array.from({ length: rows }, (_, y) => {
    const label = labelAt.get(y);
    return `${(label ?? "").padStart(margin)} ${label === undefined ? "│" : "┤"}${field.row(y, isColoured)}`.trimEnd();
  });
  return [
    title,
    ...body,
    `${" ".repeat(margin)} └${"─".repeat(field.columns)}`,
    `${" ".repeat(margin + 2)}${stepAxis(lastStep, field.columns)}`,
    ...(threshold === null ? [] : [`╌╌ solved at ${valueText(threshold)}`]),
    ...summary.map((line, i) => {
      const group = groups[i] ?? i;
      return `${isColoured ? painted(letterOf(group), group) : letterOf(group)} ${line}`;
    }),
    "",
  ].join("\n");
}

/** Labels of steps under the places they stand for. */
function stepAxis(lastStep: number, columns: number): string {
  const row = new Array<string>(columns).fill(" ");
  for (const step of ticks(0, lastStep, Math.max(1, columns / 16))) {
    const label = stepsText(step);
    const middle = Math.round((step / lastStep) * (columns - 1));
    const from = Math.max(0, Math.min(columns - label.length, middle - Math.floor(label.length / 2)));
    for (let i = 0; i < label.length; i++) row[from + i] = label[i]!;
  }
  return row.join("").trimEnd();
}
