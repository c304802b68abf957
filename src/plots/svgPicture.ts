/** Charts as one SVG, drawn with lines and text alone: no browser is needed, and no font beyond DejaVu Sans. */
import { type Chart, type ChartLine, isNearTop, lastStepOf, rangeOf, xTitleOf } from "./chart.ts";
import { axisTexts, logTicks, stepsText, ticks, valueText } from "./numberText.ts";
import { faded, seriesColour, type Theme } from "./palette.ts";
import { bandOpacity, escapeHtml, lineStyle, seedsBeside } from "./plotlyFigure.ts";
import { groupText, type ReportSection } from "./report.ts";
import { thinned } from "./thinning.ts";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const pictureFont = "DejaVu Sans";

/** Widths of DejaVu Sans' characters in shares of the size, by what is about alike; the others are 0.62. */
const widths: readonly (readonly [RegExp, number])[] = [
  [/[ijl.,:;'|! ]/, 0.32],
  [/[frt()[\]/-]/, 0.4],
  [/[mwMW%…]/, 0.95],
  [/[A-Z]/, 0.7],
];

/** Width of a text in pixels. */
export function widthOf(text: string, size: number): number {
  let width = 0;
  for (const character of text) width += widths.find(([pattern]) => pattern.test(character))?.[1] ?? 0.62;
  return width * size;
}

const at = (x: number): string => String(Math.round(x * 10) / 10);

interface TextStyle {
  readonly size: number;
  readonly fill: string;
  readonly anchor?: "start" | "middle" | "end";
  readonly isBold?: boolean;
}

/** A line of text, its baseline at y. */
export function textSvg(
  x: number,
  y: number,
  text: string,
  { size, fill, anchor = "start", isBold = false }: TextStyle,
): string {
  const weight = isBold ? ' font-weight="bold"' : "";
  return `<text x="${at(x)}" y="${at(y)}" font-size="${size}" fill="${fill}" text-anchor="${anchor}"${weight}>${escapeHtml(text)}</text>`;
}

/** As much of a text as fits, with … where it was cut. */
function fitted(text: string, size: number, width: number): string {
  if (widthOf(text, size) <= width) return text;
  let length = text.length - 1;
  while (length > 0 && widthOf(`${text.slice(0, length)}…`, size) > width) length--;
  return `${text.slice(0, length).trimEnd()}…`;
}

/** One chart in a box of a picture. */
export function chartSvg(chart: Chart, box: Box, theme: Theme): string {
  const { title, note, lines, threshold, isLogarithmic } = chart;
  const range = rangeOf(chart);
  const lastStep = lastStepOf(chart);
  const yTicks = isLogarithmic
    ? logTicks(range.low, range.high, box.height / 45)
    : ticks(range.low, range.high, (box.height - 90) / 36);
  const labels = isLogarithmic ? yTicks.map(valueText) : axisTexts(yTicks);
  const left = box.x + 24 + Math.max(...labels.map((label) => widthOf(label, 11)));
  const right = box.x + box.width - 22;
  const top = box.y + (note === "" ? 38 : 54);
  const bottom = box.y + box.height - 42;
  const scaled = (value: number) => (isLogarithmic ? Math.log10(value) : value);
  const [low, high] = [scaled(range.low), scaled(range.high)];
  const px = (step: number) => left + (step / lastStep) * (right - left);
  const py = (value: number) => bottom - ((scaled(value) - low) / (high - low)) * (bottom - top);

  const pathOf = (line: ChartLine): string => {
    // two points a pixel are all that can be seen
    const { steps, values } = thinned(line.curve, 2 * Math.round(right - left));
    return Array.from(steps, (step, i) => `${i === 0 ? "M" : "L"}${at(px(step))} ${at(py(values[i]!))}`).join("");
  };
  const bandOf = ({ curve: { steps }, band }: ChartLine): string => {
    const edge = (values: Float64Array) => Array.from(steps, (step, i) => `${at(px(step))} ${at(py(values[i]!))}`);
    return `M${[...edge(band!.high), ...edge(band!.low).reverse()].join("L")}Z`;
  };
  const order = ["raw", "seed", "smooth", "centre"];
  const drawn = [...lines].sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
  const small: TextStyle = { size: 11, fill: theme.muted };
  const parts = [
    `<rect x="${at(box.x)}" y="${at(box.y)}" width="${at(box.width)}" height="${at(box.height)}" rx="8" fill="${theme.card}" stroke="${theme.line}"/>`,
    textSvg(box.x + 16, box.y + 25, fitted(title, 13.5, box.width - 32), {
      size: 13.5,
      fill: theme.text,
      isBold: true,
    }),
    ...(note === ""
      ? []
      : [textSvg(box.x + 16, box.y + 42, fitted(note[0]!.toUpperCase() + note.slice(1), 11, box.width - 32), small)]),
    ...yTicks.map((value, i) => {
      const y = py(value);
      const line = `<line x1="${at(left)}" x2="${at(right)}" y1="${at(y)}" y2="${at(y)}" stroke="${theme.grid}"/>`;
      return line + textSvg(left - 8, y + 4, labels[i]!, { ...small, anchor: "end" });
    }),
    ...ticks(0, lastStep, (right - left) / 110).map((step) =>
      textSvg(px(step), bottom + 17, stepsText(step), { ...small, anchor: "middle" }),
    ),
    textSvg((left + right) / 2, bottom + 33, xTitleOf(chart), { ...small, anchor: "middle" }),
    ...drawn
      .filter(({ band }) => band)
      .map((line) => `<path d="${bandOf(line)}" fill="${faded(seriesColour(theme, line.group), bandOpacity)}"/>`),
    ...drawn.map((line) => {
      const { width, opacity } = lineStyle(line.role, seedsBeside(line, lines));
      const stroke = faded(seriesColour(theme, line.group), opacity);
      return `<path d="${pathOf(line)}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-linejoin="round"/>`;
    }),
    ...drawn.flatMap(({ hasDots, curve: { steps, values }, group }) =>
      hasDots
        ? Array.from(
            steps,
            (step, i) =>
              `<circle cx="${at(px(step))}" cy="${at(py(values[i]!))}" r="3" fill="${seriesColour(theme, group)}"/>`,
          )
        : [],
    ),
    ...(threshold === null
      ? []
      : [
          `<line x1="${at(left)}" x2="${at(right)}" y1="${at(py(threshold))}" y2="${at(py(threshold))}" stroke="${theme.muted}" stroke-width="1.25" stroke-dasharray="6 5"/>`,
          textSvg(left + 6, py(threshold) + (isNearTop(chart) ? 14 : -6), `solved at ${valueText(threshold)}`, small),
        ]),
  ];
  return `<g>${parts.join("\n")}</g>`;
}

export interface PictureOptions {
  /** Pixels. */
  readonly width?: number;
  readonly theme: Theme;
}

/** All charts of a report, those of returns over the whole width, the others in two columns. */
export function svgPicture(
  title: string,
  sections: readonly ReportSection[],
  { width = 1_120, theme }: PictureOptions,
): string {
  const margin = 24;
  const gap = 16;
  const inner = width - 2 * margin;
  const parts: string[] = [];
  let y = margin + 18;
  parts.push(textSvg(margin, y, fitted(title, 19, inner), { size: 19, fill: theme.text, isBold: true }));
  y += 14;
  for (const { env, groups, charts } of sections) {
    if (sections.length > 1) {
      y += 26;
      parts.push(textSvg(margin, y, fitted(env, 15, inner), { size: 15, fill: theme.text, isBold: true }));
      y += 4;
    }
    groups.forEach((group, i) => {
      y += 20;
      const colour = seriesColour(theme, i);
      parts.push(`<rect x="${margin}" y="${at(y - 6)}" width="22" height="4" rx="2" fill="${colour}"/>`);
      const words = fitted(`${group.label}: ${groupText(group)}`, 12, inner - 32);
      parts.push(textSvg(margin + 32, y, words, { size: 12, fill: theme.text }));
    });
    y += gap;
    const [main, ...others] = charts;
    if (main) {
      parts.push(chartSvg(main, { x: margin, y, width: inner, height: 400 }, theme));
      y += 400 + gap;
    }
    const half = (inner - gap) / 2;
    others.forEach((chart, i) => {
      const isLeft = i % 2 === 0;
      const isAlone = isLeft && i === others.length - 1;
      const box = { x: margin + (isLeft ? 0 : half + gap), y, width: isAlone ? inner : half, height: 250 };
      parts.push(chartSvg(chart, box, theme));
      if (!isLeft || isAlone) y += 250 + gap;
    });
  }
  const height = Math.ceil(y + margin - gap);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${pictureFont}, system-ui, sans-serif" role="img">
<title>${escapeHtml(title)}</title>
<desc>${escapeHtml(sections.flatMap(({ charts }) => charts.flatMap(({ title: name, summary }) => summary.map((line) => `${name}: ${line}`))).join(" "))}</desc>
<rect width="${width}" height="${height}" fill="${theme.page}"/>
${parts.join("\n")}
</svg>
`;
}
