/**
 * The scalar kernel language. A kernel computes, for every row of a (rows, cols) domain and every element of the row,
 * the value of an expression; printers turn the expression into WebAssembly, WGSL or a float64 evaluation, and
 * `derivative.ts` differentiates it.
 *
 * Nodes are hash-consed: equal expressions are the same object, so a shared part is computed once. Every node has a
 * level: "element" (a value per element) or "row" (one value per row; constants and scalars are row-level too, being
 * the same for every element of a row). Reductions along a row lead from element to row level.
 */
import { InternalError } from "../errors.ts";

export type Level = "element" | "row";

export type UnaryKind = "neg" | "abs" | "sqrt" | "exp" | "log" | "tanh" | "sigmoid" | "sin" | "cos" | "floor";
export type BinaryKind = "add" | "sub" | "mul" | "div" | "min" | "max";
/** Comparisons yield a truth value, which only `select` consumes. */
export type CompareKind = "eq" | "lt" | "le";
export type ReduceKind = "rowSum" | "rowMax";
export type NodeKind =
  | "const"
  | "scalar"
  | "input"
  | "colIndex"
  | "rowLen"
  | "select"
  | "stop"
  | "spread"
  | UnaryKind
  | BinaryKind
  | CompareKind
  | ReduceKind;

let nextId = 0;
const interned = new Map<string, Expression>();

function isNumber(x: Expression | number): x is number {
  return typeof x === "number";
}

const lift = (x: Expression | number): Expression => (isNumber(x) ? constant(x) : x);

export class Expression {
  readonly id = nextId++;
  readonly kind: NodeKind;
  readonly level: Level;
  readonly args: readonly Expression[];
  /** The constant's value, or the index of the input or scalar. */
  readonly value: number;

  /** Use the functions below, which intern and simplify. */
  constructor(kind: NodeKind, level: Level, args: readonly Expression[], value: number) {
    this.kind = kind;
    this.level = level;
    this.args = args;
    this.value = value;
  }

  isConstant(value?: number): boolean {
    return this.kind === "const" && (value === undefined || Object.is(this.value, value) || this.value === value);
  }

  add(other: Expression | number): Expression {
    const b = lift(other);
    if (this.isConstant() && b.isConstant()) return constant(this.value + b.value);
    if (this.isConstant(0)) return b;
    if (b.isConstant(0)) return this;
    if (b.kind === "neg") return this.sub(b.args[0]!);
    if (this.kind === "neg") return b.sub(this.args[0]!);
    return node("add", [this, b]);
  }

  sub(other: Expression | number): Expression {
    const b = lift(other);
    if (this.isConstant() && b.isConstant()) return constant(this.value - b.value);
    if (b.isConstant(0)) return this;
    if (this.isConstant(0)) return b.neg();
    if (b.kind === "neg") return this.add(b.args[0]!);
    if (this === b) return constant(0);
    return node("sub", [this, b]);
  }

  mul(other: Expression | number): Expression {
    const b = lift(other);
    if (this.isConstant() && b.isConstant()) return constant(this.value * b.value);
    if (this.isConstant(0) || b.isConstant(0)) return constant(0);
    if (this.isConstant(1)) return b;
    if (b.isConstant(1)) return this;
    if (this.isConstant(-1)) return b.neg();
    if (b.isConstant(-1)) return this.neg();
    if (this.kind === "neg") return this.args[0]!.mul(b).neg();
    if (b.kind === "neg") return this.mul(b.args[0]!).neg();
    return node("mul", [this, b]);
  }

  div(other: Expression | number): Expression {
    const b = lift(other);
    if (this.isConstant() && b.isConstant()) return constant(this.value / b.value);
    if (this.isConstant(0)) return this;
    if (b.isConstant(1)) return this;
    if (this.kind === "neg") return this.args[0]!.div(b).neg();
    return node("div", [this, b]);
  }

  min(other: Expression | number): Expression {
    const b = lift(other);
    if (this.isConstant() && b.isConstant()) return constant(Math.min(this.value, b.value));
    return this === b ? this : node("min", [this, b]);
  }

  max(other: Expression | number): Expression {
    const b = lift(other);
    if (this.isConstant() && b.isConstant()) return constant(Math.max(this.value, b.value));
    return this === b ? this : node("max", [this, b]);
  }

  neg(): Expression {
    if (this.isConstant()) return constant(-this.value);
    if (this.kind === "neg") return this.args[0]!;
    if (this.kind === "sub") return this.args[1]!.sub(this.args[0]!);
    return node("neg", [this]);
  }

  abs = () => this.#unary("abs", Math.abs);
  sqrt = () => this.#unary("sqrt", Math.sqrt);
  exp = () => this.#unary("exp", Math.exp);
  log = () => this.#unary("log", Math.log);
  tanh = () => this.#unary("tanh", Math.tanh);
  sigmoid = () => this.#unary("sigmoid", (x) => 1 / (1 + Math.exp(-x)));
  sin = () => this.#unary("sin", Math.sin);
  cos = () => this.#unary("cos", Math.cos);
  floor = () => this.#unary("floor", Math.floor);
  square = () => this.mul(this);
  reciprocal = () => constant(1).div(this);
  /** log(1 + x), accurate near 0 (Kahan's correction of the rounded 1 + x). */
  log1p(): Expression {
    const u = this.add(1);
    return select(u.eq(1), this, u.log().mul(this).div(u.sub(1)));
  }
  /** −1, 0 or 1. */
  sign(): Expression {
    return select(this.gt(0), 1, select(this.lt(0), -1, 0));
  }
  clip(low: Expression | number, high: Expression | number): Expression {
    return this.max(low).min(high);
  }

  eq(other: Expression | number): Expression {
    return compare("eq", this, lift(other));
  }
  lt(other: Expression | number): Expression {
    return compare("lt", this, lift(other));
  }
  le(other: Expression | number): Expression {
    return compare("le", this, lift(other));
  }
  gt(other: Expression | number): Expression {
    return compare("lt", lift(other), this);
  }
  ge(other: Expression | number): Expression {
    return compare("le", lift(other), this);
  }

  #unary(kind: UnaryKind, fold: (x: number) => number): Expression {
    return this.isConstant() ? constant(fold(this.value)) : node(kind, [this]);
  }

  toString(): string {
    const args = this.args.map(String);
    switch (this.kind) {
      case "const":
        return String(this.value);
      case "input":
        return `x${this.value}${this.level === "row" ? "ʳ" : ""}`;
      case "scalar":
        return `s${this.value}`;
      case "add":
        return `(${args[0]} + ${args[1]})`;
      case "sub":
        return `(${args[0]} - ${args[1]})`;
      case "mul":
        return `(${args[0]} * ${args[1]})`;
      case "div":
        return `(${args[0]} / ${args[1]})`;
      case "eq":
        return `(${args[0]} == ${args[1]})`;
      case "lt":
        return `(${args[0]} < ${args[1]})`;
      case "le":
        return `(${args[0]} <= ${args[1]})`;
      case "neg":
        return `-${args[0]}`;
      default:
        return args.length ? `${this.kind}(${args.join(", ")})` : this.kind;
    }
  }
}

function intern(kind: NodeKind, level: Level, args: readonly Expression[], value: number): Expression {
  // Object.is semantics: −0 and 0 are different constants
  const key = `${kind}|${level}|${Object.is(value, -0) ? "-0" : value}|${args.map((a) => a.id).join(",")}`;
  let found = interned.get(key);
  if (!found) {
    found = new Expression(kind, level, args, value);
    interned.set(key, found);
  }
  return found;
}

function node(kind: NodeKind, args: readonly Expression[]): Expression {
  for (const arg of args) {
    const isTruth = arg.kind === "eq" || arg.kind === "lt" || arg.kind === "le";
    if (isTruth && !(kind === "select" && arg === args[0])) {
      throw new InternalError(`kernel: ${kind} takes numbers; got the comparison ${arg}. Wrap it in select(…, 1, 0).`);
    }
  }
  const level = args.some((a) => a.level === "element") ? "element" : "row";
  return intern(kind, level, args, 0);
}

function compare(kind: CompareKind, a: Expression, b: Expression): Expression {
  return node(kind, [a, b]);
}

export function constant(value: number): Expression {
  return intern("const", "row", [], value);
}

/** The i-th tensor argument of the kernel; at "row" level one value per row. */
export const input = (index: number, level: Level): Expression => intern("input", level, [], index);

/** The i-th number passed with each launch. */
export const scalar = (index: number): Expression => intern("scalar", "row", [], index);

/** The element's place in its row, from 0. */
export const colIndex = (): Expression => intern("colIndex", "element", [], 0);

/** How many elements a row has. */
export const rowLen = (): Expression => intern("rowLen", "row", [], 0);

/** `condition ? a : b`; a number as condition means "not zero". */
export function select(condition: Expression, a: Expression | number, b: Expression | number): Expression {
  const whenTrue = lift(a);
  const whenFalse = lift(b);
  if (whenTrue === whenFalse) return whenTrue;
  if (condition.kind === "eq" || condition.kind === "lt" || condition.kind === "le") {
    return node("select", [condition, whenTrue, whenFalse]);
  }
  return node("select", [condition.eq(0), whenFalse, whenTrue]);
}

/** The sum of a row. */
export function rowSum(x: Expression): Expression {
  if (x.level === "row") return x.mul(rowLen());
  if (x.kind === "neg") return rowSum(x.args[0]!).neg();
  if (x.kind === "mul") {
    // what is the same for the whole row comes out of the sum
    const [a, b] = x.args as [Expression, Expression];
    if (a.level === "row") return a.mul(rowSum(b));
    if (b.level === "row") return rowSum(a).mul(b);
  }
  if (x.kind === "div" && x.args[1]!.level === "row") return rowSum(x.args[0]!).div(x.args[1]!);
  return intern("rowSum", "row", [x], 0);
}

/** The largest element of a row. */
export const rowMax = (x: Expression): Expression => (x.level === "row" ? x : intern("rowMax", "row", [x], 0));

/** x, taken as a constant by differentiation. */
export const stop = (x: Expression): Expression =>
  x.kind === "const" || x.kind === "stop" ? x : intern("stop", x.level, [x], 0);

/** A row-level value as the value of each element of its row. */
export const spread = (x: Expression): Expression => (x.level === "element" ? x : intern("spread", "element", [x], 0));

/** All nodes below the given ones, arguments before their users. */
export function topological(roots: readonly Expression[]): Expression[] {
  const seen = new Set<Expression>();
  const order: Expression[] = [];
  const visit = (x: Expression) => {
    if (seen.has(x)) return;
    seen.add(x);
    for (const arg of x.args) visit(arg);
    order.push(x);
  };
  for (const root of roots) visit(root);
  return order;
}

const structures = new WeakMap<Expression, string>();

/** What an expression computes, in words that are the same in every thread: ids go by which came first. */
export function structureOf(root: Expression): string {
  let structure = structures.get(root);
  if (structure === undefined) {
    const order = topological([root]);
    const places = new Map(order.map((x, place) => [x, place]));
    const words = order.map(({ kind, level, value, args }) =>
      [kind, level, Object.is(value, -0) ? "-0" : value, ...args.map((arg) => places.get(arg))].join(" "),
    );
    structure = words.join(";");
    structures.set(root, structure);
  }
  return structure;
}

/** The same expression with some nodes replaced, simplified again on the way up. */
export function substitute(root: Expression, replacement: ReadonlyMap<Expression, Expression>): Expression {
  const done = new Map<Expression, Expression>(replacement);
  for (const x of topological([root])) {
    if (!done.has(x))
      done.set(
        x,
        x.args.length
          ? rebuild(
              x,
              x.args.map((a) => done.get(a)!),
            )
          : x,
      ); // prettier-ignore
  }
  return done.get(root)!;
}

function rebuild(x: Expression, args: Expression[]): Expression {
  if (args.every((a, i) => a === x.args[i])) return x;
  const [a, b, c] = args as [Expression, Expression, Expression];
  switch (x.kind) {
    case "add":
    case "sub":
    case "mul":
    case "div":
    case "min":
    case "max":
    case "eq":
    case "lt":
    case "le":
      return a[x.kind](b);
    case "neg":
    case "abs":
    case "sqrt":
    case "exp":
    case "log":
    case "tanh":
    case "sigmoid":
    case "sin":
    case "cos":
    case "floor":
      return a[x.kind]();
    case "select":
      return select(a, b, c);
    case "stop":
      return stop(a);
    case "spread":
      return spread(a);
    case "rowSum":
      return rowSum(a);
    case "rowMax":
      return rowMax(a);
    default:
      throw new InternalError(`kernel: ${x.kind} has no arguments to replace; got ${args.length}.`);
  }
}
