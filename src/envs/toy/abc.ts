/**
 * ABC: the toy problem that agents are tested with, after ChainerRL's environment of that name.
 *
 * In state n only action n is right and leads to state n + 1; the whole sequence brings +1. A wrong action ends the
 * episode (episodic) or is without effect. Observations are one-hot vectors of size + 2 numbers: the states, the
 * terminal one, and one more for the shift of partially observable episodes.
 */
import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { Env, type Info, noInfo, type ResetOptions, type StepResult } from "../env.ts";
import { type DrawList, palette, renderModes, type Shape } from "../render/index.ts";
import { Box, Discrete, type Space } from "../spaces/index.ts";

export interface AbcOptions {
  /** How many right actions in a row bring the reward. */
  readonly size?: number;
  /** Actions are numbers; else `size` numbers in [−1, 1], the logits of an inner action. */
  readonly discrete?: boolean;
  /** In some episodes observations are shifted by one: only the first one tells which. */
  readonly partiallyObservable?: boolean;
  /** A wrong action and the full sequence end the episode; else it goes on. */
  readonly episodic?: boolean;
  /** Continuous actions take the largest logit, and every other partially observable episode is shifted. */
  readonly deterministic?: boolean;
}

export class Abc extends Env<Float32Array, number | Float32Array> {
  override metadata = { renderModes, renderFps: 2 };
  readonly observationSpace: Box;
  readonly actionSpace: Space<number | Float32Array>;
  readonly #size: number;
  readonly #partiallyObservable: boolean;
  readonly #episodic: boolean;
  readonly #deterministic: boolean;
  #state = 0;
  #offset = 0;

  constructor(options: AbcOptions = {}) {
    super();
    const { size = 2, discrete = true, partiallyObservable = false, episodic = true, deterministic = false } = options;
    if (!Number.isInteger(size) || size < 1) {
      throw new UsageError(`ABC: size must be a whole number of at least 1; got ${size}.`);
    }
    this.#size = size;
    this.#partiallyObservable = partiallyObservable;
    this.#episodic = episodic;
    this.#deterministic = deterministic;
    this.observationSpace = new Box(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, { shape: [size + 2] });
    this.actionSpace = (discrete ? new Discrete(size) : new Box(-1, 1, { shape: [size] })) as Space<
      number | Float32Array
    >;
  }

  override reset({ seed }: ResetOptions = {}): [obs: Float32Array, info: Info] {
    this.seedRandom(seed);
    this.#state = 0;
    if (!this.#partiallyObservable) this.#offset = 0;
    else this.#offset = this.#deterministic ? 1 - this.#offset : this.random.integers(0, 2);
    return [this.#observe(), noInfo];
  }

  override step(action: number | Float32Array): StepResult<Float32Array> {
    const choice = typeof action === "number" ? this.#checked(action) : this.#chosen(action);
    let reward = 0;
    let terminated = false;
    if (choice !== this.#state) terminated = this.#episodic;
    else if (this.#state < this.#size - 1) this.#state++;
    else {
      reward = 1;
      terminated = this.#episodic;
      this.#state = 0;
    }
    if (terminated) this.#state = this.#size;
    return [this.#observe(), reward, terminated, false, noInfo];
  }

  #checked(action: number): number {
    if (!(this.actionSpace instanceof Discrete) || !this.actionSpace.contains(action)) {
      throw new UsageError(`ABC.step: the action must be in ${String(this.actionSpace)}; got ${action}.`);
    }
    return action;
  }

  /** The inner action that a vector of logits stands for. */
  #chosen(logits: Float32Array): number {
    if (this.actionSpace instanceof Discrete || logits?.length !== this.#size) {
      throw new UsageError(`ABC.step: the action must be in ${String(this.actionSpace)}; got ${String(logits)}.`);
    }
    const clipped = Array.from(logits, (x) => Math.max(-1, Math.min(1, x)));
    if (this.#deterministic) return clipped.indexOf(Math.max(...clipped));
    const weights = clipped.map(Math.exp);
    let u = this.random.random() * weights.reduce((a, b) => a + b);
    const drawn = weights.findIndex((weight) => {
      u -= weight;
      return u < 0;
    });
    return drawn < 0 ? this.#size - 1 : drawn;
  }

  #observe(): Float32Array {
    const obs = this.obsBuffer(this.#size + 2);
    obs.fill(0);
    obs[this.#state + this.#offset] = 1;
    return obs;
  }

  /** The states in a row, each with the action that is right in it; the last one is the end. */
  override draw(): DrawList {
    const [cell, margin] = [60, 10];
    const places = this.#size + 1;
    const shapes: Shape[] = [];
    for (let state = 0; state < places; state++) {
      const [x, isEnd, isHere] = [margin + state * cell, state === this.#size, state === this.#state];
      const fill = isHere ? palette.orange : isEnd ? palette.lightGrey : palette.white;
      shapes.push({ kind: "rectangle", x, y: margin, width: cell, height: cell, fill, stroke: palette.darkGrey });
      const text = isEnd ? "end" : String(state);
      shapes.push({ kind: "text", x: x + cell / 2, y: margin + cell / 2, text, size: 20, fill: palette.black });
    }
    return { width: 2 * margin + places * cell, height: 2 * margin + cell, background: palette.paper, shapes };
  }

  override saveState(): State {
    return { base: super.saveState(), state: this.#state, offset: this.#offset };
  }

  override loadState(saved: State): void {
    const { base, state, offset } = saved as { base: State; state: number; offset: number };
    super.loadState(base);
    this.#state = state;
    this.#offset = offset;
  }
}
