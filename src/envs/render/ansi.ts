import type { DrawList } from "./drawList.ts";
import { type RgbImage, rgbOf, toRgb } from "./raster.ts";

export interface AnsiOptions {
  /** Width in characters, 72 unless given. */
  readonly columns?: number;
  /** Height in lines at most; the picture gets narrower to fit. */
  readonly lines?: number;
  /** 24-bit colours; without, shades of text. By default coloured unless NO_COLOR is set. */
  readonly coloured?: boolean;
}

/** From no ink to much, on whatever background the terminal has. */
const shades = " .:-=+*#%@";

/** Whether the process wants colours (no-color.org); a browser has no such wish. */
const wantsColours = (): boolean => !(globalThis as { process?: NodeJS.Process }).process?.env.NO_COLOR;

/** The character cells of a picture: two pixels each, one over the other, or a letter. */
interface Cells {
  readonly columns: number;
  readonly lines: number;
  readonly image: RgbImage;
  readonly letters: ReadonlyMap<number, { readonly letter: string; readonly fill: string }>;
}

function cellsOf(list: DrawList, { columns = 72, lines }: AnsiOptions): Cells {
  // a cell is twice as high as wide
  const fitting = lines === undefined ? columns : Math.min(columns, Math.floor((2 * lines * list.width) / list.height));
  const wide = Math.max(1, fitting);
  const scale = wide / list.width;
  const high = Math.max(1, Math.ceil((list.height * scale) / 2));
  const withoutText = list.shapes.filter(({ kind }) => kind !== "text");
  const image = toRgb({ ...list, width: wide / scale, height: (2 * high) / scale, shapes: withoutText }, scale);
  const letters = new Map<number, { letter: string; fill: string }>();
  for (const shape of list.shapes) {
    if (shape.kind !== "text") continue;
    const { x, y, text, fill, anchor = "middle" } = shape;
    const word = [...text];
    const line = Math.min(high - 1, Math.max(0, Math.floor((y * scale) / 2)));
    const shift = anchor === "start" ? 0 : anchor === "end" ? word.length : word.length / 2;
    const first = Math.min(wide - word.length, Math.max(0, Math.round(x * scale - shift)));
    for (const [i, letter] of word.entries()) {
      if (first + i >= 0 && first + i < wide && letter !== " ") letters.set(line * wide + first + i, { letter, fill });
    }
  }
  return { columns: wide, lines: high, image, letters };
}

type Rgb = readonly [number, number, number];

const pixel = ({ width, pixels }: RgbImage, x: number, y: number): Rgb => {
  const at = 3 * (y * width + x);
  return [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!];
};
const mean = (a: Rgb, b: Rgb): Rgb => [(a[0] + b[0]) >> 1, (a[1] + b[1]) >> 1, (a[2] + b[2]) >> 1];
/** Rec. 601. */
const luminance = ([red, green, blue]: Rgb): number => 0.299 * red + 0.587 * green + 0.114 * blue;

function colouredLine(cells: Cells, line: number): string {
  let text = "";
  let shown = "";
  for (let x = 0; x < cells.columns; x++) {
    const [upper, lower] = [pixel(cells.image, x, 2 * line), pixel(cells.image, x, 2 * line + 1)];
    const letter = cells.letters.get(line * cells.columns + x);
    const front = letter ? rgbOf(letter.fill) : upper;
    const back = letter ? mean(upper, lower) : lower;
    const style = `\u001b[38;2;${front.join(";")};48;2;${back.join(";")}m`;
    // a style holds until the next one
    text += `${style === shown ? "" : style}${letter?.letter ?? "▀"}`;
    shown = style;
  }
  return `${text}\u001b[0m`;
}

function plainLine(cells: Cells, line: number, ground: number): string {
  let text = "";
  for (let x = 0; x < cells.columns; x++) {
    const letter = cells.letters.get(line * cells.columns + x);
    // what differs most from the ground gets most ink
    const light = luminance(mean(pixel(cells.image, x, 2 * line), pixel(cells.image, x, 2 * line + 1)));
    const ink = Math.sqrt(Math.abs(light - ground) / Math.max(ground, 255 - ground));
    text += letter?.letter ?? shades[Math.min(shades.length - 1, Math.round(ink * (shades.length - 1)))]!;
  }
  return text.trimEnd();
}

/** The picture for a terminal: lines of half blocks in 24-bit colours, or of shades without; letters stay letters. */
export function toAnsi(list: DrawList, options: AnsiOptions = {}): string {
  const cells = cellsOf(list, options);
  const coloured = options.coloured ?? wantsColours();
  const ground = luminance(rgbOf(list.background));
  return Array.from({ length: cells.lines }, (_, line) =>
    coloured ? colouredLine(cells, line) : plainLine(cells, line, ground),
  ).join("\n");
}
