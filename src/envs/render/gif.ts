import { UsageError } from "../../errors.ts";
import type { RgbImage } from "./raster.ts";

/** Colours of one frame, and each pixel's place among them. */
interface Indexed {
  readonly colours: readonly number[];
  readonly pixels: Uint8Array;
}

/**
 * At most 256 colours: all there are, or the most frequent ones with each other pixel taking the nearest. Pictures of
 * plain shapes have few, most of them shades along edges.
 */
function indexed({ pixels }: RgbImage): Indexed {
  const counts = new Map<number, number>();
  const all = new Uint32Array(pixels.length / 3);
  for (let i = 0; i < all.length; i++) {
    const colour = (pixels[3 * i]! << 16) | (pixels[3 * i + 1]! << 8) | pixels[3 * i + 2]!;
    all[i] = colour;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const colours = [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 256)
    .map(([colour]) => colour);
  const places = new Map(colours.map((colour, i) => [colour, i]));
  for (const colour of counts.keys()) {
    if (!places.has(colour)) places.set(colour, nearestOf(colours, colour));
  }
  return { colours, pixels: Uint8Array.from(all, (colour) => places.get(colour)!) };
}

function nearestOf(colours: readonly number[], colour: number): number {
  const distance = (other: number) =>
    ((other >> 16) - (colour >> 16)) ** 2 +
    (((other >> 8) & 255) - ((colour >> 8) & 255)) ** 2 +
    ((other & 255) - (colour & 255)) ** 2;
  return colours.reduce((best, other, i) => (distance(other) < distance(colours[best]!) ? i : best), 0);
}

/** Bytes of a file that grows. */
class Bytes {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  push(...values: readonly number[]): void {
    if (this.#length + values.length > this.#bytes.length) {
      const longer = new Uint8Array(2 * this.#bytes.length);
      longer.set(this.#bytes);
      this.#bytes = longer;
    }
    for (const value of values) this.#bytes[this.#length++] = value;
  }
  /** Two bytes, the low one first. */
  push16(...values: readonly number[]): void {
    for (const value of values) this.push(value & 255, value >> 8);
  }
  text(text: string): void {
    for (const letter of text) this.push(letter.charCodeAt(0));
  }
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** LZW as the GIF format wants it, in blocks of at most 255 bytes. */
function writeLzw(out: Bytes, pixels: Uint8Array, colourBits: number): void {
  const clear = 1 << colourBits;
  out.push(colourBits);
  let block: number[] = [];
  let [pending, pendingBits] = [0, 0];
  let codes = new Map<number, number>();
  let next = clear + 2;
  let width = colourBits + 1;
  const flush = () => {
    if (block.length > 0) out.push(block.length, ...block);
    block = [];
  };
  const emit = (code: number) => {
    pending |= code << pendingBits;
    for (pendingBits += width; pendingBits >= 8; pendingBits -= 8) {
      block.push(pending & 255);
      pending >>>= 8;
      if (block.length === 255) flush();
    }
  };
  emit(clear);
  let prefix = pixels[0]!;
  for (let i = 1; i < pixels.length; i++) {
    const pixel = pixels[i]!;
    const key = (prefix << 8) | pixel;
    const known = codes.get(key);
    if (known !== undefined) {
      prefix = known;
      continue;
    }
    emit(prefix);
    prefix = pixel;
    if (next === 4096) {
      // the table is full: begin a new one
      emit(clear);
      codes = new Map();
      next = clear + 2;
      width = colourBits + 1;
      continue;
    }
    if (next === 1 << width) width++;
    codes.set(key, next++);
  }
  emit(prefix);
  emit(clear + 1);
  if (pendingBits > 0) block.push(pending & 255);
  flush();
  out.push(0);
}

/** A part of a picture, where its upper left corner lies. */
interface Part {
  readonly left: number;
  readonly top: number;
  readonly image: RgbImage;
}

/** The smallest rectangle that holds every difference from the frame before; one pixel where there is none. */
function changedPart(image: RgbImage, before: RgbImage | undefined): Part {
  const { width, height, pixels } = image;
  if (!before) return { left: 0, top: 0, image };
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const isSame =
        pixels[at] === before.pixels[at] &&
        pixels[at + 1] === before.pixels[at + 1] &&
        pixels[at + 2] === before.pixels[at + 2];
      if (isSame) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  if (right < 0) [left, right, top, bottom] = [0, 0, 0, 0];
  const [partWidth, partHeight] = [right - left + 1, bottom - top + 1];
  const part = new Uint8Array(3 * partWidth * partHeight);
  for (let y = 0; y < partHeight; y++) {
    const from = 3 * ((top + y) * width + left);
    part.set(pixels.subarray(from, from + 3 * partWidth), 3 * y * partWidth);
  }
  return { left, top, image: { width: partWidth, height: partHeight, pixels: part } };
}

/**
 * Frames of one size as an animated GIF that begins again at its end.
 * Of each frame only what has changed is stored. Source: GIF89a specification; the application block is Netscape's.
 *
 * @param fps frames a second, at most 50: viewers take no shorter pauses
 * @throws UsageError for no frame, or frames of different sizes
 */
export function toGif(frames: readonly RgbImage[], fps: number): Uint8Array {
  const [first] = frames;
  if (!first) throw new UsageError("toGif: there must be at least one frame; got none. Render some first.");
  const { width, height } = first;
  const pause = Math.max(2, Math.round(100 / fps));
  const out = new Bytes();
  out.text("GIF89a");
  out.push16(width, height);
  out.push(0, 0, 0);
  out.push(0x21, 0xff, 11);
  out.text("NETSCAPE2.0");
  out.push(3, 1, 0, 0, 0);
  for (const [i, frame] of frames.entries()) {
    if (frame.width !== width || frame.height !== height) {
      throw new UsageError(
        `toGif: frames must have one size; got ${width} by ${height} and ${frame.width} by ${frame.height}. Render them alike.`,
      );
    }
    const { left, top, image } = changedPart(frame, frames[i - 1]);
    const { colours, pixels } = indexed(image);
    const bits = Math.max(2, Math.ceil(Math.log2(colours.length)));
    // what is there stays, and the part is put over it
    out.push(0x21, 0xf9, 4, 4);
    out.push16(pause);
    out.push(0, 0);
    out.push(0x2c);
    out.push16(left, top, image.width, image.height);
    out.push(0x80 | (bits - 1));
    for (let i = 0; i < 1 << bits; i++) {
      const colour = colours[i] ?? 0;
      out.push(colour >> 16, (colour >> 8) & 255, colour & 255);
    }
    writeLzw(out, pixels, bits);
  }
  out.push(0x3b);
  return out.take();
}
