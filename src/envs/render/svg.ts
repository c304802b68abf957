import type { DrawList, Point, Shape } from "./drawList.ts";

/** A coordinate without needless digits. */
const short = (x: number): string => String(Math.round(x * 100) / 100);
const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Attributes by name; numbers are shortened, undefined ones left out. */
function attributes(values: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${typeof value === "number" ? short(value) : escaped(value!)}"`)
    .join("");
}

const pointList = (points: readonly Point[]): string => points.map(([x, y]) => `${short(x)},${short(y)}`).join(" ");

function element(shape: Shape): string {
  if (shape.kind === "text") {
    const { x, y, size, fill, anchor = "middle" } = shape;
    const where = attributes({ x, y, "font-size": size, fill, "text-anchor": anchor });
    return `<text${where} font-family="monospace" dominant-baseline="central">${escaped(shape.text)}</text>`;
  }
  if (shape.kind === "line") {
    const { stroke, strokeWidth } = shape;
    const paint = attributes({ stroke, "stroke-width": strokeWidth });
    return `<polyline points="${pointList(shape.points)}" fill="none"${paint}/>`;
  }
  const { fill = "none", stroke, strokeWidth } = shape;
  const paint = attributes({ fill, stroke, "stroke-width": strokeWidth });
  if (shape.kind === "polygon") return `<polygon points="${pointList(shape.points)}"${paint}/>`;
  if (shape.kind === "circle") return `<circle${attributes({ cx: shape.x, cy: shape.y, r: shape.radius })}${paint}/>`;
  const { x, y, width, height } = shape;
  return `<rect${attributes({ x, y, width, height })}${paint}/>`;
}

/** The picture as an SVG document. */
export function toSvg({ width, height, background, shapes }: DrawList): string {
  const size = attributes({ width, height, viewBox: `0 0 ${short(width)} ${short(height)}` });
  const ground = `<rect${attributes({ width, height, fill: background })}/>`;
  const round = ' stroke-linecap="round" stroke-linejoin="round"';
  return `<svg xmlns="http://www.w3.org/2000/svg"${size}${round}>${ground}${shapes.map(element).join("")}</svg>`;
}
