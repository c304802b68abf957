/**
 * Optimizers work on the flat run of a model's parameters: one kernel updates everything. An optimizer is a rule: which
 * runs of statistics it keeps, which numbers it passes, and the formula of one element.
 */
import { UsageError } from "../../errors.ts";
import { backend } from "../../kernel/backend.ts";
import { type Expression, input, scalar, select } from "../../kernel/expression.ts";
import type { State } from "../../state.ts";
import { type FlatKernel, flatKernel } from "../flatKernel.ts";
import type { FlatParameters } from "../flatParameters.ts";
import type { Link } from "../links/link.ts";
import type { Variable } from "../variable.ts";
import type { OptimizerHook } from "./hooks.ts";

export interface UpdateRule<Hyperparameters, Statistic extends string, Number extends string> {
  readonly name: string;
  /** Runs of numbers kept for each parameter, zero at first. */
  readonly statistics: readonly Statistic[];
  /** The numbers of step t (from 1), which the formula reads. */
  readonly numbers: (hyperparameters: Hyperparameters, t: number) => Record<Number, number>;
  readonly numberNames: readonly Number[];
  /** The new parameter p and statistics, from the old ones and the gradient g. */
  readonly update: (
    x: Readonly<Record<"p" | "g" | Statistic | Number, Expression>>,
  ) => Readonly<Record<"p" | Statistic, Expression>>;
}

/** Any rule. */
// biome-ignore lint/suspicious/noExplicitAny: a rule is read only by the optimizer it was written for
type AnyRule = UpdateRule<any, string, string>;

/**
 * Statistics of weights that get no gradient (dead rectifiers) decay until they are denormal, and arithmetic on denormal
 * numbers is a hundred times slower: what is too small to matter becomes 0.
 */
const flushTiny = (x: Expression): Expression => select(x.abs().lt(1e-30), 0, x);

const kernels = new WeakMap<AnyRule, FlatKernel>();

function kernelFor(rule: AnyRule): FlatKernel {
  let kernel = kernels.get(rule);
  if (!kernel) {
    const tensors = ["p", ...rule.statistics, "g"];
    const leaves = Object.fromEntries([
      ...tensors.map((name, i) => [name, input(i, "element")]),
      ...rule.numberNames.map((name, i) => [name, scalar(i)]),
    ]);
    const updated = rule.update(leaves);
    const outputs = [updated.p!, ...rule.statistics.map((name) => flushTiny(updated[name]!))];
    kernel = flatKernel(
      rule.name,
      outputs,
      tensors.map(() => "element" as const),
      { inPlace: true },
    );
    kernels.set(rule, kernel);
  }
  return kernel;
}

export abstract class Optimizer<Hyperparameters extends object = object> {
  /** May be changed between updates, as a schedule does. */
  readonly hyperparameters: Hyperparameters;
  /** Updates made. */
  t = 0;
  readonly #rule: AnyRule;
  readonly #hooks: OptimizerHook[] = [];
  #target: Link | null = null;
  #flat: FlatParameters | null = null;
  #statistics: number[] = [];
  #pointers: number[] = [];

  protected constructor(rule: AnyRule, hyperparameters: Hyperparameters) {
    this.#rule = rule;
    this.hyperparameters = hyperparameters;
  }

  /** Takes charge of a model's parameters. */
  setup(target: Link): this {
    this.#target = target;
    const flat = target.flat();
    this.#flat = flat;
    this.#statistics = this.#rule.statistics.map(() => backend().memory.reserve(4 * flat.size));
    this.t = 0;
    this.#pointers = [flat.address, ...this.#statistics, flat.gradAddress];
    return this;
  }

  /** Adds something that changes gradients before each update: clipping, weight decay, noise. In order of adding. */
  addHook(hook: OptimizerHook): this {
    this.#hooks.push(hook);
    return this;
  }

  /**
   * One update by the gradients that backward left. With a loss function: clears gradients, computes the loss, calls
   * backward on it, updates; returns the loss. Call it inside a scope then.
   */
  update(): void;
  update(lossFunction: () => Variable): Variable;
  update(lossFunction?: () => Variable): Variable | undefined {
    const flat = this.#flat;
    if (!flat) {
      throw new UsageError(
        `${this.#rule.name}: a model must be set up before the update; got none. Call setup(model).`,
      );
    }
    let loss: Variable | undefined;
    if (lossFunction) {
      this.#target!.clearGrads();
      loss = lossFunction();
      loss.backward();
    }
    flat.completeGradients();
    for (let i = 0; i < this.#hooks.length; i++) this.#hooks[i]!.apply(flat);
    this.t++;
    const numbers = this.#rule.numbers(this.hyperparameters, this.t);
    const scalars: number[] = [];
    for (const name of this.#rule.numberNames) scalars.push(numbers[name]!);
    kernelFor(this.#rule)(flat.size, this.#pointers, scalars);
    flat.version.version++;
    return loss;
  }

  /** Steps and statistics, for a checkpoint; hyperparameters stay with the program. */
  saveState(): { t: number; statistics: { [name: string]: Float32Array | Float64Array }; hooks: State[] } {
    const size = this.#flat?.size ?? 0;
    const { floats } = backend().memory;
    const statistics = Object.fromEntries(
      this.#rule.statistics.map((name, i) => {
        const at = this.#statistics[i]! >> 2;
        return [name, floats.slice(at, at + size)];
      }),
    );
    return { t: this.t, statistics, hooks: this.#hooks.map((hook) => hook.saveState?.() ?? null) };
  }

  /** @throws UsageError when the state is of another optimizer or model. */
  loadState(state: State): void {
    const { t, statistics, hooks } = state as {
      t: number;
      statistics: Record<string, Float32Array>;
      hooks?: readonly State[];
    };
    const size = this.#flat?.size ?? 0;
    this.#rule.statistics.forEach((name, i) => {
      const values = statistics?.[name];
      if (!values || values.length !== size) {
        throw new UsageError(
          `${this.#rule.name}: saved statistics must hold ${size} numbers of ${name}; got ${values ? values.length : Object.keys(statistics ?? {}).join(", ") || "none"}. Use the optimizer and network it was saved with.`,
        );
      }
      backend().memory.floats.set(values, this.#statistics[i]! >> 2);
    });
    this.t = t;
    this.#hooks.forEach((hook, i) => {
      const saved = hooks?.[i];
      if (saved !== undefined && saved !== null) hook.loadState?.(saved);
    });
  }
}
