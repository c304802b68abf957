import { UsageError } from "../../errors.ts";
import type { DrawList, Point, Shape } from "./drawList.ts";
import { advance, forEachRun, squaresPerLine } from "./font.ts";

/** Pixels: a number from 0 to 255 for each of red, green and blue, `(height, width, 3)` in row order. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** Lines a pixel row is looked at along; across, coverage is exact. */
const subRows = 4;

type Rgb = readonly [red: number, green: number, blue: number];

/** @throws UsageError for anything but #rrggbb */
export function rgbOf(colour: string): Rgb {
  if (!/^#[\da-f]{6}$/i.test(colour)) {
    throw new UsageError(`render: a colour must look like #rrggbb; got ${colour}. Change it in the draw list.`);
  }
  const number = Number.parseInt(colour.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

/** Contours that a shape's inside or border is made of; all turn the same way where they may overlap. */
type Contours = readonly (readonly Point[])[];

/** A polygon of the circle's area. */
function circle(x: number, y: number, radius: number, scale: number): Point[] {
  const sides = Math.max(8, Math.ceil(4 * Math.sqrt(radius * scale)) * 2);
  const turn = (2 * Math.PI) / sides;
  const reach = radius * Math.sqrt(turn / Math.sin(turn));
  return Array.from({ length: sides }, (_, i) => [x + reach * Math.cos(i * turn), y - reach * Math.sin(i * turn)]);
}

const corners = (x: number, y: number, width: number, height: number): Point[] => [
  [x, y],
  [x, y + height],
  [x + width, y + height],
  [x + width, y],
];

/** A line's area: a box for every segment and a disc for every point. */
function outline(points: readonly Point[], width: number, scale: number): Point[][] {
  const contours: Point[][] = points.map(([x, y]) => circle(x, y, width / 2, scale));
  for (let i = 1; i < points.length; i++) {
    const [[ax, ay], [bx, by]] = [points[i - 1]!, points[i]!];
    const length = Math.hypot(bx - ax, by - ay);
    if (length === 0) continue;
    const [nx, ny] = [((ay - by) * width) / 2 / length, ((bx - ax) * width) / 2 / length];
    contours.push([
      [ax + nx, ay + ny],
      [bx + nx, by + ny],
      [bx - nx, by - ny],
      [ax - nx, ay - ny],
    ]);
  }
  return contours;
}

class Raster implements RgbImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
  readonly #scale: number;
  readonly #coverage: Float32Array;

  constructor(width: number, height: number, scale: number, background: string) {
    this.width = Math.max(1, Math.round(width * scale));
    this.height = Math.max(1, Math.round(height * scale));
    this.#scale = scale;
    this.#coverage = new Float32Array(this.width);
    this.pixels = new Uint8Array(this.width * this.height * 3);
    const [red, green, blue] = rgbOf(background);
    for (let i = 0; i < this.pixels.length; i += 3) {
      this.pixels[i] = red;
      this.pixels[i + 1] = green;
      this.pixels[i + 2] = blue;
    }
  }

  paint(shape: Shape): void {
    if (shape.kind === "text") {
      this.#text(shape);
      return;
    }
    if (shape.kind === "line") {
      this.#fill(outline(shape.points, shape.strokeWidth ?? 1, this.#scale), shape.stroke);
      return;
    }
    const points =
      shape.kind === "polygon"
        ? shape.points
        : shape.kind === "circle"
          ? circle(shape.x, shape.y, shape.radius, this.#scale)
          : corners(shape.x, shape.y, shape.width, shape.height);
    if (shape.fill !== undefined) this.#fill([points], shape.fill);
    if (shape.stroke !== undefined) {
      this.#fill(outline([...points, points[0]!], shape.strokeWidth ?? 1, this.#scale), shape.stroke);
    }
  }

  #text({ x, y, text, size, fill, anchor = "middle" }: Extract<Shape, { kind: "text" }>): void {
    // squares of whole pixels at whole pixels look best
    const scaled = (size / squaresPerLine) * this.#scale;
    const square = (scaled < 1 ? scaled : Math.round(scaled)) / this.#scale;
    const letters = [...text];
    const width = (letters.length * advance - 1) * square;
    const left = x - (anchor === "start" ? 0 : anchor === "end" ? width : width / 2);
    const grid = (place: number) => Math.round(place * this.#scale) / this.#scale;
    const [x0, y0] = [grid(left), grid(y - 3.5 * square)];
    const contours: Point[][] = [];
    for (const [i, letter] of letters.entries()) {
      forEachRun(letter, (column, row, count) => {
        const start = x0 + (i * advance + column) * square;
        contours.push(corners(start, y0 + row * square, count * square, square));
      });
    }
    this.#fill(contours, fill);
  }

  /** Paints what lies inside any contour (non-zero winding). */
  #fill(contours: Contours, colour: string): void {
    const rgb = rgbOf(colour);
    const lines = this.height * subRows;
    const perRow = this.#scale * subRows;
    /** For every sub-row where edges cross it, in pairs: x, and which way the edge goes. */
    const crossings = new Map<number, [x: number, way: number][]>();
    for (const contour of contours) {
      let [ax, ay] = contour.at(-1)!;
      for (const [bx, by] of contour) {
        const way = by > ay ? 1 : -1;
        const [top, bottom] = way === 1 ? [ay * perRow, by * perRow] : [by * perRow, ay * perRow];
        // a sub-row is looked at in its middle
        const first = Math.max(0, Math.ceil(top - 0.5));
        const last = Math.min(lines, Math.ceil(bottom - 0.5));
        for (let line = first; line < last; line++) {
          const x = (ax + ((bx - ax) * ((line + 0.5) / perRow - ay)) / (by - ay)) * this.#scale;
          const list = crossings.get(line);
          if (list) list.push([x, way]);
          else crossings.set(line, [[x, way]]);
        }
        [ax, ay] = [bx, by];
      }
    }
    const rows = new Set([...crossings.keys()].map((line) => Math.floor(line / subRows)));
    for (const row of rows) {
      this.#coverage.fill(0);
      for (let sub = 0; sub < subRows; sub++) {
        const list = crossings.get(row * subRows + sub);
        if (list) this.#cover(list);
      }
      this.#blend(row, rgb);
    }
  }

  /** Adds a sub-row's spans to the coverage of the row's pixels. */
  #cover(list: [x: number, way: number][]): void {
    list.sort((a, b) => a[0] - b[0]);
    let winding = 0;
    let start = 0;
    for (const [x, way] of list) {
      if (winding === 0) start = x;
      winding += way;
      if (winding !== 0) continue;
      const [from, to] = [Math.max(0, start), Math.min(this.width, x)];
      for (let pixel = Math.floor(from); pixel < to; pixel++) {
        this.#coverage[pixel]! += (Math.min(to, pixel + 1) - Math.max(from, pixel)) / subRows;
      }
    }
  }

  #blend(row: number, [red, green, blue]: Rgb): void {
    for (let x = 0; x < this.width; x++) {
      const part = Math.min(1, this.#coverage[x]!);
      if (part === 0) continue;
      const at = 3 * (row * this.width + x);
      this.pixels[at] = Math.round(this.pixels[at]! + (red - this.pixels[at]!) * part);
      this.pixels[at + 1] = Math.round(this.pixels[at + 1]! + (green - this.pixels[at + 1]!) * part);
      this.pixels[at + 2] = Math.round(this.pixels[at + 2]! + (blue - this.pixels[at + 2]!) * part);
    }
  }
}

/** The picture as pixels with smooth edges, `scale` pixels a unit. */
export function toRgb({ width, height, background, shapes }: DrawList, scale = 1): RgbImage {
  const raster = new Raster(width, height, scale, background);
  for (const shape of shapes) raster.paint(shape);
  return { width: raster.width, height: raster.height, pixels: raster.pixels };
}
