import { UsageError } from "../../errors.ts";
import { ActionWrapper } from "../env.ts";
import { Box } from "../spaces/index.ts";
import { type AnyArray, type AnyBox, actionBox, requireNumber, type WrappableEnv } from "./requireBox.ts";

export interface RescaleActionOptions {
  /** Bounds of the actions it takes; −1 and 1 unless given. */
  readonly minAction?: number;
  readonly maxAction?: number;
}

/** Takes actions between bounds of your own, and stretches them to the environment's. */
export class RescaleAction<Obs> extends ActionWrapper<Obs, AnyArray, AnyArray> {
  readonly #inner: AnyBox;
  readonly #space: AnyBox;
  readonly #minAction: number;
  readonly #maxAction: number;

  /** @throws UsageError where actions are no Box of fractions between finite bounds */
  constructor(env: WrappableEnv, { minAction = -1, maxAction = 1 }: RescaleActionOptions = {}) {
    super(env);
    const where = "RescaleAction";
    const box = actionBox(where, env);
    const finite = [...box.low, ...box.high].every(Number.isFinite) && box.dtype.startsWith("float");
    if (!finite) {
      throw new UsageError(
        `${where}: actions of ${env.name} must be fractions between finite bounds; got ${String(box)}. Leave the wrapper out.`,
      );
    }
    requireNumber(where, "minAction", minAction, { low: -Number.MAX_VALUE });
    requireNumber(where, "maxAction", maxAction, { low: minAction });
    if (minAction === maxAction) {
      throw new UsageError(
        `${where}: minAction must be below maxAction; got ${minAction} and ${maxAction}. Change one of them.`,
      );
    }
    this.#inner = box;
    this.#minAction = minAction;
    this.#maxAction = maxAction;
    this.#space = new Box(minAction, maxAction, { shape: box.shape, dtype: box.dtype });
  }

  override get actionSpace(): AnyBox {
    return this.#space;
  }

  action(action: AnyArray): AnyArray {
    const { low, high } = this.#inner;
    const width = this.#maxAction - this.#minAction;
    const stretched = Array.from(action, (x, i) => low[i]! + ((x - this.#minAction) * (high[i]! - low[i]!)) / width);
    return this.#inner.arrayOf(stretched);
  }
}
