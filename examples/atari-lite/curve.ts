/** Learning curves as an SVG picture: a thin line a run, a thick one for their mean. */

export interface Curve {
  readonly name: string;
  /** Environment steps, and the mean return of an evaluation there. */
  readonly points: readonly (readonly [step: number, value: number])[];
}

const [width, height] = [720, 400];
const margin = { left: 60, right: 40, top: 40, bottom: 50 };
// Okabe and Ito, "Color universal design", 2008
const colours = ["#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00"];

/** About five round numbers from 0 up to the last one, which they include or pass. */
function ticksTo(last: number): number[] {
  const rough = last / 5;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = magnitude * [1, 2, 5, 10].find((factor) => factor * magnitude >= rough)!;
  return Array.from({ length: Math.ceil(last / step) + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

/** The mean of all curves at the steps that all of them have. */
function meanOf(curves: readonly Curve[]): Curve["points"] {
  const [first, ...others] = curves.map(({ points }) => new Map(points));
  return [...(first ?? [])].flatMap(([step, value]) => {
    const values = [value, ...others.flatMap((other) => other.get(step) ?? [])];
    return values.length === curves.length ? [[step, values.reduce((a, b) => a + b) / values.length] as const] : [];
  });
}

/** Returns are drawn from 0 up. */
export function curveSvg(title: string, curves: readonly Curve[]): string {
  const all = curves.flatMap(({ points }) => points);
  const xTicks = ticksTo(Math.max(1, ...all.map(([step]) => step)));
  const yTicks = ticksTo(Math.max(1, ...all.map(([, value]) => value)));
  const [right, bottom] = [width - margin.right, height - margin.bottom];
  const x = (step: number) => margin.left + ((right - margin.left) * step) / xTicks.at(-1)!;
  const y = (value: number) => bottom - ((bottom - margin.top) * Math.max(0, value)) / yTicks.at(-1)!;
  const text = (at: readonly [number, number], anchor: string, words: string | number) =>
    `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" text-anchor="${anchor}">${words}</text>`;
  const line = (points: Curve["points"], colour: string, strokeWidth: number) =>
    `<polyline points="${points.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(" ")}" ` +
    `fill="none" stroke="${colour}" stroke-width="${strokeWidth}"/>`;
  const grid = yTicks.map(
    (value) =>
      `<path d="M${margin.left} ${y(value).toFixed(1)}H${right}" stroke="#dddddd"/>` +
      text([margin.left - 8, y(value) + 4], "end", value),
  );
  const steps = xTicks.map((step) => text([x(step), bottom + 18], "middle", step.toLocaleString("en")));
  const runs = curves.map((curve, i) => line(curve.points, colours[i % colours.length]!, 1.2));
  const names = curves.map(
    ({ name }, i) => `<tspan fill="${colours[i % colours.length]}" dx="12" font-weight="bold">${name}</tspan>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text([margin.left, 22], "start", `${title}${names.join("")}`),
    ...grid,
    ...steps,
    text([(margin.left + right) / 2, height - 10], "middle", "environment steps"),
    ...runs,
    line(meanOf(curves), "#000000", 2.5),
    "</svg>",
    "",
  ].join("\n");
}
