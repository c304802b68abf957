import type { State } from "../../state.ts";
import { type Info, type ObservationWrapper, type ResetOptions, type StepResult, Wrapper } from "../env.ts";
import { actionNamed, livesIn } from "./atariEnv.ts";
import { GrayscaleObservation } from "./grayscaleObservation.ts";
import { type AnyArray, type AnyBox, imageBox, requireNumber, type WrappableEnv } from "./requireBox.ts";
import { ResizeObservation } from "./resizeObservation.ts";
import { ScaledFloatFrame } from "./scaledFloatFrame.ts";

export interface AtariPreprocessingOptions {
  /** The largest number of steps that do nothing at an episode's beginning; 30 unless given, 0 for none. */
  readonly noopMax?: number;
  /** Steps an action is repeated for; 4 unless given. Observations are the larger of the last two. */
  readonly frameSkip?: number;
  /** Height and width; 84 unless given. */
  readonly screenSize?: number;
  /** The loss of a life terminates an episode; `info.lives` tells. */
  readonly terminalOnLifeLoss?: boolean;
  /** `(size, size)`, the default, instead of `(size, size, 3)`. */
  readonly grayscaleObs?: boolean;
  /** Grey images are `(size, size, 1)`. */
  readonly grayscaleNewaxis?: boolean;
  /** Numbers from 0 to 1 instead of bytes. */
  readonly scaleObs?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: bytes or fractions, by the options
type Picture = ObservationWrapper<any, number, Uint8Array>;

/**
 * What agents learn Atari's games from: idle beginnings, repeated actions, small grey images.
 *
 * Source: Machado et al. 2018, "Revisiting the arcade learning environment"; options as in Gymnasium's
 * AtariPreprocessing. The environment gives images in colour, skips none, and has an action NOOP in `actionMeanings`.
 */
export class AtariPreprocessing extends Wrapper<AnyArray, number, Uint8Array, number> {
  readonly #noop: number;
  readonly #noopMax: number;
  readonly #frameSkip: number;
  readonly #terminalOnLifeLoss: boolean;
  /** The wrappers that make an image small; only their spaces and `observation` are used. */
  readonly #pictures: readonly Picture[];
  #lives = 0;

  /** @throws UsageError where observations are no images in colour, or there is no action NOOP */
  constructor(env: WrappableEnv, options: AtariPreprocessingOptions = {}) {
    super(env);
    const where = "AtariPreprocessing";
    const { noopMax = 30, frameSkip = 4, screenSize = 84, terminalOnLifeLoss = false } = options;
    const { grayscaleObs = true, grayscaleNewaxis = false, scaleObs = false } = options;
    imageBox(where, env, "colour");
    requireNumber(where, "noopMax", noopMax, { low: 0, whole: true });
    requireNumber(where, "frameSkip", frameSkip, { low: 1, whole: true });
    requireNumber(where, "screenSize", screenSize, { low: 1, whole: true });
    this.#noop = noopMax === 0 ? 0 : actionNamed(where, env, "NOOP");
    this.#noopMax = noopMax;
    this.#frameSkip = frameSkip;
    this.#terminalOnLifeLoss = terminalOnLifeLoss;
    const pictures: Picture[] = [];
    const last = (): WrappableEnv => pictures.at(-1) ?? env;
    if (grayscaleObs) pictures.push(new GrayscaleObservation(last(), { keepDim: grayscaleNewaxis }));
    pictures.push(new ResizeObservation(last(), { shape: [screenSize, screenSize] }));
    if (scaleObs) pictures.push(new ScaledFloatFrame(last()));
    this.#pictures = pictures;
  }

  override get observationSpace(): AnyBox {
    return this.#pictures.at(-1)!.observationSpace as AnyBox;
  }

  override reset(options: ResetOptions = {}): [obs: AnyArray, info: Info] {
    let [obs, info] = this.env.reset(options);
    const count = this.#noopMax === 0 ? 0 : this.random.integers(1, this.#noopMax + 1);
    for (let i = 0; i < count; i++) {
      const [next, , terminated, truncated, nextInfo] = this.env.step(this.#noop);
      [obs, info] = terminated || truncated ? this.env.reset({ ...options, seed: undefined }) : [next, nextInfo];
    }
    if (this.#terminalOnLifeLoss) this.#lives = livesIn("AtariPreprocessing", this.env, info);
    return [this.#small(obs), info];
  }

  override step(action: number): StepResult<AnyArray> {
    let sum = 0;
    let [terminated, truncated] = [false, false];
    let info: Info = {};
    let [last, newest]: (Uint8Array | null)[] = [null, null];
    for (let i = 0; i < this.#frameSkip && !terminated && !truncated; i++) {
      const [obs, reward, ...end] = this.env.step(action);
      sum += reward;
      [terminated, truncated, info] = end;
      if (this.#terminalOnLifeLoss) {
        const lives = livesIn("AtariPreprocessing", this.env, info);
        if (lives < this.#lives) terminated = true;
        this.#lives = lives;
      }
      // copied: the environment may use its arrays again
      [last, newest] = [newest, obs.slice()];
    }
    const before = last;
    const larger = before === null ? newest! : newest!.map((x, i) => Math.max(x, before[i]!));
    return [this.#small(larger), sum, terminated, truncated, info];
  }

  #small(image: Uint8Array): AnyArray {
    return this.#pictures.reduce((seen, picture) => picture.observation(seen), image) as AnyArray;
  }

  override saveState(): State {
    return { env: this.env.saveState(), lives: this.#lives };
  }
  override loadState(state: State): void {
    super.loadState(state);
    this.#lives = (state as { lives: number }).lives;
  }
}
