import { ActionWrapper } from "../env.ts";
import { Box } from "../spaces/index.ts";
import { type AnyArray, type AnyBox, actionBox, type WrappableEnv } from "./requireBox.ts";

/** Takes actions of any size, and hands them on cut to the environment's bounds. */
export class ClipAction<Obs> extends ActionWrapper<Obs, AnyArray, AnyArray> {
  readonly #inner: AnyBox;
  readonly #space: AnyBox;

  /** @throws UsageError where actions are no Box */
  constructor(env: WrappableEnv) {
    super(env);
    this.#inner = actionBox("ClipAction", env);
    const { shape, dtype } = this.#inner;
    this.#space = new Box(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, { shape, dtype });
  }

  override get actionSpace(): AnyBox {
    return this.#space;
  }

  action(action: AnyArray): AnyArray {
    const { low, high } = this.#inner;
    return this.#inner.arrayOf(Array.from(action, (x, i) => Math.min(Math.max(x, low[i]!), high[i]!)));
  }
}
