/**
 * A differentiable kernel: one expression over a (rows, cols) domain with a fixed layout of its inputs. Its gradient
 * with respect to each input is again such a function, derived symbolically on first use, so every order comes out.
 */
import { InternalError, UsageError } from "../errors.ts";
import { backend, backendId, type InputKind, isFlat, type Launch, maxPointers, maxScalars } from "../kernel/backend.ts";
import { gradients } from "../kernel/derivative.ts";
import { type Expression, input, rowSum, spread, substitute, topological } from "../kernel/expression.ts";
import { sizeOf } from "../kernel/strides.ts";
import { accumulate } from "./backward.ts";
import { type Differentiable, type FunctionNode, record } from "./functionNode.ts";
import { allocate, scopeLevel } from "./scope.ts";
import { assertAlive, internShape, type Shape, Variable } from "./variable.ts";

/** What a kernel runs over: results at element level have `shape`, at row level `rowShape`. */
export interface Domain {
  readonly shape: Shape;
  readonly rowShape: Shape;
  readonly rows: number;
  readonly cols: number;
}

/** The domain of a shape whose last `rowAxes` axes form a row. */
export function domainOf(shape: Shape, rowAxes: number): Domain {
  const split = shape.length - rowAxes;
  return {
    shape,
    rowShape: internShape(shape.slice(0, split)),
    rows: sizeOf(shape.slice(0, split)),
    cols: sizeOf(shape.slice(split)),
  };
}

const flatDomains = new WeakMap<Shape, Domain>();

/** The domain of a whole tensor seen as one run of elements. */
export function flatDomain(shape: Shape): Domain {
  let domain = flatDomains.get(shape);
  if (!domain) {
    domain = domainOf(shape, shape.length);
    flatDomains.set(shape, domain);
  }
  return domain;
}

/** Derivatives given by hand: of the gradient of the output and the inputs, at their levels, to each input's gradient. */
export type GradientRule = (y: Expression, gy: Expression, inputs: readonly Expression[]) => (Expression | null)[];

interface DerivedGradient {
  readonly run: KernelFunction;
  /** Which Variables it reads: an input's index, or `readsY`, `readsGy`. */
  readonly reads: readonly number[];
}
const readsY = -1;
const readsGy = -2;

const levelOf = (kind: InputKind) => (kind === "element" || kind === "column" ? "element" : "row");

const noScalars: readonly number[] = [];

export class KernelFunction implements Differentiable {
  readonly name: string;
  readonly kinds: readonly InputKind[];
  readonly y: Expression;
  readonly #rule: GradientRule | null;
  readonly #flat: boolean;
  readonly #derived: (DerivedGradient | null | undefined)[] = [];
  #launch: Launch | undefined;
  #launchEpoch = -1;

  constructor(name: string, kinds: readonly InputKind[], y: Expression, rule: GradientRule | null) {
    this.name = name;
    this.kinds = kinds;
    this.y = y;
    this.#rule = rule;
    this.#flat = isFlat({ name, inputs: kinds, outputs: [y] });
    if (kinds.length + 1 > maxPointers) {
      // a user's operation may have a gradient that reads all inputs and y and gy
      throw new UsageError(
        `${name}: a kernel must read at most ${maxPointers - 1} tensors; got ${kinds.length}. Split the operation into two.`,
      );
    }
    const scalarCount = Math.max(0, ...topological([y]).map((x) => (x.kind === "scalar" ? x.value + 1 : 0)));
    if (scalarCount > maxScalars) {
      throw new InternalError(`${name}: a kernel takes at most ${maxScalars} numbers; got ${scalarCount}.`);
    }
  }

  apply(inputs: readonly Variable[], domain: Domain, scalars: readonly number[] = noScalars): Variable {
    for (let i = 0; i < inputs.length; i++) assertAlive(inputs[i]!, this.name);
    if (this.#launchEpoch !== backendId) {
      this.#launch = backend().compile({ name: this.name, inputs: this.kinds, outputs: [this.y] });
      this.#launchEpoch = backendId;
    }
    const isElement = this.y.level === "element" || this.#flat;
    const size = isElement ? domain.rows * domain.cols : domain.rows;
    const output = new Variable(isElement ? domain.shape : domain.rowShape, allocate(4 * size), scopeLevel);
    const n = inputs.length;
    const flat = this.#flat;
    const s = scalars;
    this.#launch!(
      flat ? 1 : domain.rows,
      flat ? size : domain.cols,
      output.address,
      n > 0 ? inputs[0]!.address : 0,
      n > 1 ? inputs[1]!.address : 0,
      n > 2 ? inputs[2]!.address : 0,
      n > 3 ? inputs[3]!.address : 0,
      n > 4 ? inputs[4]!.address : 0,
      n > 5 ? inputs[5]!.address : 0,
      n > 6 ? inputs[6]!.address : 0,
      s.length > 0 ? s[0]! : 0,
      s.length > 1 ? s[1]! : 0,
      s.length > 2 ? s[2]! : 0,
      s.length > 3 ? s[3]! : 0,
      s.length > 4 ? s[4]! : 0,
      s.length > 5 ? s[5]! : 0,
      s.length > 6 ? s[6]! : 0,
      s.length > 7 ? s[7]! : 0,
    );
    record(this, inputs, output, domain, scalars);
    return output;
  }

  backward(node: FunctionNode, gy: Variable): void {
    const domain = node.context as Domain;
    for (let i = 0; i < this.kinds.length; i++) {
      if (!node.wants(i)) continue;
      const derived = this.gradient(i);
      if (!derived) continue;
      const args = derived.reads.map((which) =>
        which === readsY ? node.output : which === readsGy ? gy : node.inputs[which]!,
      );
      const kind = this.kinds[i]!;
      const x = node.inputs[i]!;
      const gx = derived.run.apply(args, domain, node.scalars);
      if (kind === "element") accumulate(x, gx);
      else if (kind === "column") sums!.columnSumInto(x, gx, domain);
      else if (kind === "row" || domain.rows === 1) accumulate(x, sums!.reshape(gx, x.shape));
      else accumulate(x, sums!.reshape(sums!.total(gx), x.shape));
    }
  }

  /** The gradient with respect to input i; null where it is zero. */
  gradient(i: number): DerivedGradient | null {
    const known = this.#derived[i];
    if (known !== undefined) return known;
    const leaves = this.kinds.map((kind, k) => input(k, levelOf(kind)));
    // the leaves of the derived kernel: the inputs, then y, then gy; unread ones are dropped
    const yLeaf = input(this.kinds.length, this.y.level);
    const gyLeaf = input(this.kinds.length + 1, this.y.level);
    const all = this.#rule ? this.#rule(yLeaf, gyLeaf, leaves) : gradients(this.y, gyLeaf, leaves);
    let gx = all[i] ?? null;
    let derived: DerivedGradient | null = null;
    if (gx && !gx.isConstant(0)) {
      // what can be said in terms of the output is: then only y need be kept
      if (!this.#rule && this.y.args.length > 0) gx = substitute(gx, new Map([[this.y, yLeaf]]));
      const kinds: InputKind[] = [...this.kinds, kindOf(this.y.level), kindOf(this.y.level)];
      const isRead = new Set(topological([gx]));
      const reads = [...leaves, yLeaf, gyLeaf].map((leaf, k) => ({ leaf, k })).filter(({ leaf }) => isRead.has(leaf));
      const renumbered = new Map(reads.map(({ leaf }, k) => [leaf, input(k, leaf.level)]));
      const wanted = levelOf(this.kinds[i]!);
      if (wanted === "element") gx = spread(gx);
      else if (gx.level === "element") gx = rowSum(gx);
      derived = {
        run: new KernelFunction(
          `${this.name}Grad`,
          reads.map(({ k }) => kinds[k]!),
          substitute(gx, renumbered),
          null,
        ),
        reads: reads.map(({ k }) => (k < leaves.length ? k : k === leaves.length ? readsY : readsGy)),
      };
    }
    this.#derived[i] = derived;
    return derived;
  }
}

const kindOf = (level: "element" | "row"): InputKind => (level === "element" ? "element" : "row");

/** The reductions over rows that finish a gradient; they are operations of their own. */
interface Sums {
  columnSumInto(x: Variable, gx: Variable, domain: Domain): void;
  total(x: Variable): Variable;
  reshape(x: Variable, shape: Shape): Variable;
}
let sums: Sums | undefined;

/** Called once by ops/columnSum.ts. */
export function installSums(given: Sums): void {
  sums = given;
}
