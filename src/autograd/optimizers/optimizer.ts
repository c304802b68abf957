/**
 * Optimizers work on the flat run of a model's parameters: one kernel updates everything. An optimizer is a rule: which
 * runs of statistics it keeps, which numbers it passes, and the formula of one element.
 */
import { nearest, UsageError } from "../../errors.ts";
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
  /** Hyperparameters that are shares of the past, from 0 to below 1. */
  readonly decays?: readonly (keyof Hyperparameters)[];
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

  /** @throws UsageError for an option that there is not, or one out of its range */
  protected constructor(rule: AnyRule, defaults: Hyperparameters, options: Partial<Hyperparameters>) {
    this.#rule = rule;
    this.hyperparameters = { ...defaults };
    const known = Object.keys(defaults);
    for (const [name, value] of Object.entries(options)) {
      if (value === undefined) continue;
      requireHyperparameter(rule, known, name, value);
      Object.assign(this.hyperparameters, { [name]: value });
    }
  }

  /** Takes charge of a model's parameters. */
  setup(target: Link): this {
    this.#target = target;
    const flat = target.flat();
    this.#statistics = this.#rule.statistics.map(() => backend().memory.reserve(4 * flat.size));
    this.t = 0;
    this.#standAt(flat);
    return this;
  }

  #standAt(flat: FlatParameters): void {
    this.#flat = flat;
    this.#pointers = [flat.address, ...this.#statistics, flat.gradAddress];
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
    this.#requireSetup("the update");
    let loss: Variable | undefined;
    if (lossFunction) {
      this.#target!.clearGrads();
      loss = lossFunction();
      loss.backward();
    }
    // the run may have moved into that of a network around this one
    const flat = this.#target!.flat();
    if (flat !== this.#flat) this.#standAt(flat);
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

  #requireSetup(before: string): FlatParameters {
    if (this.#flat) return this.#flat;
    throw new UsageError(`${this.#rule.name}: a model must be set up before ${before}; got none. Call setup(model).`);
  }

  /** Where the runs of statistics begin, each as long as the model's run of parameters. */
  get statisticAddresses(): readonly number[] {
    this.#requireSetup("its statistics are looked at");
    return this.#statistics;
  }

  /** Steps and statistics, for a checkpoint; hyperparameters stay with the program. */
  saveState(): { t: number; statistics: { [name: string]: Float32Array | Float64Array }; hooks: State[] } {
    const { size } = this.#requireSetup("saveState");
    const { floats } = backend().memory;
    const statistics = Object.fromEntries(
      this.#rule.statistics.map((name, i) => {
        const at = this.#statistics[i]! >> 2;
        return [name, floats.slice(at, at + size)];
      }),
    );
    return { t: this.t, statistics, hooks: this.#hooks.map((hook) => hook.saveState?.() ?? null) };
  }

  /**
   * Goes on from a saved state, or changes nothing.
   *
   * @throws UsageError when the state is of another optimizer or model, or of other hooks
   */
  loadState(state: State): void {
    const { size } = this.#requireSetup("loadState");
    const { t, statistics, hooks } = state as {
      t: number;
      statistics: Record<string, Float32Array>;
      hooks?: readonly State[];
    };
    for (const name of this.#rule.statistics) {
      const values = statistics?.[name];
      if (values?.length === size) continue;
      throw new UsageError(
        `${this.#rule.name}: saved statistics must hold ${size} numbers of ${name}; got ${values ? values.length : Object.keys(statistics ?? {}).join(", ") || "none"}. Use the optimizer and network it was saved with.`,
      );
    }
    const wanted = this.#hooks.map((hook) => hook.loadState !== undefined);
    // what agents save for users holds no hooks: those of the program go on as they are
    for (let i = 0; hooks && i < Math.max(wanted.length, hooks.length); i++) {
      const isSaved = (hooks[i] ?? null) !== null;
      if (isSaved === (wanted[i] ?? false)) continue;
      throw new UsageError(
        `${this.#rule.name}: the hooks must be those it was saved with; got ${this.#hooks[i]?.name ?? "none"} ` +
          `${isSaved ? "for" : "without"} a saved state at place ${i}. Add the same hooks in the same order.`,
      );
    }
    this.#rule.statistics.forEach((name, i) => {
      backend().memory.write(this.#statistics[i]!, statistics[name]!);
    });
    this.t = t;
    this.#hooks.forEach((hook, i) => {
      if (hooks) hook.loadState?.(hooks[i]!);
    });
  }
}

function requireHyperparameter(rule: AnyRule, known: readonly string[], name: string, value: unknown): void {
  if (!known.includes(name)) {
    const meant = nearest(name, known);
    throw new UsageError(
      `${rule.name}: options must be among ${known.join(", ")}; got ${name}.${meant ? ` Did you mean ${meant}?` : ""}`,
    );
  }
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new UsageError(`${rule.name}: ${name} must be a finite number; got ${value}.`);
  }
  if (rule.decays?.includes(name) && !(value >= 0 && value < 1)) {
    throw new UsageError(`${rule.name}: ${name} must be at least 0 and below 1; got ${value}.`);
  }
}
