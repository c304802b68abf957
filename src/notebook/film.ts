/** Pictures of environments as a notebook shows them. */

import { type DrawList, type RgbImage, toAnsi, toGif, toRgb, toSvg } from "../envs/render/index.ts";
import { UsageError } from "../errors.ts";
import { jupyterDisplay, type MimeBundle, type Shown } from "./shown.ts";

/** The part of an environment that is drawn. */
interface Drawn {
  draw(): DrawList;
}

/** A frame of an environment: SVG, and characters where there are no pictures. */
export class Picture implements Shown {
  readonly #list: DrawList;

  constructor(env: Drawn) {
    this.#list = env.draw();
  }

  toString(): string {
    return toAnsi(this.#list, { columns: 60 });
  }

  [jupyterDisplay](): MimeBundle {
    return {
      "image/svg+xml": toSvg(this.#list),
      "text/plain": `a picture, ${this.#list.width} by ${this.#list.height}`,
    };
  }
}

/** The present state of an environment, see `Picture`. */
export const picture = (env: Drawn): Picture => new Picture(env);

export interface FilmOptions {
  /** Steps a second; 50 unless given, as fast as CartPole. */
  readonly stepsPerSecond?: number;
  /** Steps from one frame to the next: 2 unless given, which halves the size. */
  readonly stride?: number;
  /** Size of the frames, as a part of the picture's; 0.5 unless given. */
  readonly scale?: number;
}

/** Frames of an environment, taken one by one, and shown as an animated GIF. */
export class Film implements Shown {
  readonly #frames: RgbImage[] = [];
  readonly #options: Required<FilmOptions>;
  #steps = 0;

  constructor({ stepsPerSecond = 50, stride = 2, scale = 0.5 }: FilmOptions = {}) {
    this.#options = { stepsPerSecond, stride, scale };
  }

  /** Takes a frame of the present state: call it after `reset` and after each step. */
  shoot(env: Drawn): void {
    const { stride, scale } = this.#options;
    if (this.#steps++ % stride === 0) this.#frames.push(toRgb(env.draw(), scale));
  }

  /** @throws UsageError before the first frame */
  toGif(): Uint8Array {
    if (this.#frames.length === 0) {
      throw new UsageError("Film: there must be a frame; got none. Call shoot(env) after each step.");
    }
    const { stepsPerSecond, stride } = this.#options;
    return toGif(this.#frames, stepsPerSecond / stride);
  }

  toString(): string {
    return `a film of ${this.#frames.length} frames, ${(this.#steps / this.#options.stepsPerSecond).toFixed(1)} seconds`;
  }

  [jupyterDisplay](): MimeBundle {
    const bytes = this.toGif();
    let binary = "";
    // apply takes so many arguments at once
    for (let i = 0; i < bytes.length; i += 8_192) binary += String.fromCharCode(...bytes.subarray(i, i + 8_192));
    const { width } = this.#frames[0]!;
    // of GIFs, GitHub shows those in HTML alone
    const html = `<img src="data:image/gif;base64,${btoa(binary)}" width="${width}" alt="${this}">`;
    return { "text/html": html, "text/plain": String(this) };
  }
}
