import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { type Info, type ResetOptions, type StepResult, Wrapper } from "../env.ts";
import { Box } from "../spaces/index.ts";
import { type AnyArray, type AnyBox, observationBox, requireNumber, type WrappableEnv } from "./requireBox.ts";

export interface FrameStackOptions {
  /** How many observations make one. */
  readonly stackSize: number;
  /** What stands for observations before the episode: its first one, zeros, or an observation of your own. */
  readonly padding?: "reset" | "zero" | ArrayLike<number>;
}

/** The last observations in one, `(stackSize, …obs)`, the newest last. */
export class FrameStackObservation<Act> extends Wrapper<AnyArray, Act> {
  readonly stackSize: number;
  readonly #inner: AnyBox;
  readonly #space: AnyBox;
  readonly #padding: "reset" | AnyArray;
  /** The present stack, which is handed out in copies. */
  #stack: AnyArray;

  /** @throws UsageError where observations are no Box, or the padding is no observation */
  constructor(env: WrappableEnv, { stackSize, padding = "reset" }: FrameStackOptions) {
    super(env);
    const where = "FrameStackObservation";
    const box = observationBox(where, env);
    requireNumber(where, "stackSize", stackSize, { low: 1, whole: true });
    this.stackSize = stackSize;
    this.#inner = box;
    const repeated = (bounds: AnyArray) => Array.from({ length: stackSize }, () => Array.from(bounds)).flat();
    const [low, high] = [repeated(box.low), repeated(box.high)];
    this.#space = new Box(low, high, { shape: [stackSize, ...box.shape], dtype: box.dtype });
    this.#stack = this.#space.arrayOf();
    if (padding === "reset") this.#padding = padding;
    else if (padding === "zero") this.#padding = box.arrayOf();
    else if (typeof padding === "object" && padding?.length === box.flatDim) this.#padding = box.arrayOf(padding);
    else {
      throw new UsageError(
        `${where}: padding must be reset, zero or an observation of ${env.name}, ${String(box)}; got ${JSON.stringify(padding)}. Change padding.`,
      );
    }
  }

  override get observationSpace(): AnyBox {
    return this.#space;
  }

  override reset(options: ResetOptions = {}): [obs: AnyArray, info: Info] {
    const [obs, info] = this.env.reset(options);
    const before = this.#padding === "reset" ? obs : this.#padding;
    for (let i = 0; i < this.stackSize; i++) this.#push(i < this.stackSize - 1 ? before : obs);
    return [this.#stack.slice(), info];
  }

  override step(action: Act): StepResult<AnyArray> {
    const result = this.env.step(action);
    this.#push(result[0]);
    result[0] = this.#stack.slice();
    return result;
  }

  #push(obs: AnyArray): void {
    const size = this.#inner.flatDim;
    this.#stack.copyWithin(0, size);
    this.#stack.set(obs, this.#stack.length - size);
  }

  override saveState(): State {
    return { env: this.env.saveState(), stack: Float64Array.from(this.#stack) };
  }
  override loadState(state: State): void {
    super.loadState(state);
    this.#stack = this.#space.arrayOf((state as { stack: Float64Array }).stack);
  }
}
