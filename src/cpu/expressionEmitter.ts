/** Prints expressions as SIMD instructions: four float32 numbers a node. */
import { InternalError } from "../errors.ts";
import type { Expression } from "../kernel/expression.ts";
import type { FunctionBody } from "./assembler.ts";
import * as simdMath from "./simdMath.ts";

const arithmetic = { add: "f32x4.add", sub: "f32x4.sub", mul: "f32x4.mul", div: "f32x4.div" } as const;
const comparisons = { eq: "f32x4.eq", lt: "f32x4.lt", le: "f32x4.le" } as const;
const simple = { neg: "f32x4.neg", abs: "f32x4.abs", sqrt: "f32x4.sqrt", floor: "f32x4.floor" } as const;
const transcendental = {
  exp: simdMath.exp,
  log: simdMath.log,
  tanh: simdMath.tanh,
  sigmoid: simdMath.sigmoid,
  sin: simdMath.sin,
  cos: simdMath.cos,
} as const;

export class ExpressionEmitter {
  readonly #body: FunctionBody;
  /** Leaves the value of a leaf (input, scalar, colIndex, rowLen) on the stack. */
  readonly #leaf: (x: Expression) => void;
  /** Nodes whose value stands in a local at present. */
  readonly #locals = new Map<Expression, number>();
  #uses = new Map<Expression, number>();

  constructor(body: FunctionBody, leaf: (x: Expression) => void) {
    this.#body = body;
    this.#leaf = leaf;
  }

  /** From here on `x` is read from the local. */
  bind(x: Expression, local: number): void {
    this.#locals.set(x, local);
  }

  isBound(x: Expression): boolean {
    return this.#locals.has(x);
  }

  /**
   * Leaves nothing on the stack; returns a local for each expression's value. Parts that are used more than once are
   * computed once; their locals are forgotten afterwards, since the next call sees other elements.
   */
  evaluate(roots: readonly Expression[]): number[] {
    this.#uses = new Map();
    const count = (x: Expression): void => {
      const uses = this.#uses.get(x) ?? 0;
      this.#uses.set(x, uses + 1);
      if (uses === 0 && !this.#locals.has(x)) x.args.forEach(count);
    };
    for (const root of roots) count(root);
    const temporary: Expression[] = [];
    const locals = roots.map((root) => {
      this.#emit(root, temporary);
      const local = this.#body.local("v128");
      this.#body.set(local);
      return local;
    });
    for (const x of temporary) this.#locals.delete(x);
    return locals;
  }

  #emit(x: Expression, temporary: Expression[]): void {
    const f = this.#body;
    const known = this.#locals.get(x);
    if (known !== undefined) {
      f.get(known);
      return;
    }
    this.#emitNode(x, temporary);
    if (this.#uses.get(x)! > 1 && x.kind !== "const") {
      const local = f.local("v128");
      f.tee(local);
      this.#locals.set(x, local);
      temporary.push(x);
    }
  }

  #emitNode(x: Expression, temporary: Expression[]): void {
    const f = this.#body;
    const emit = (y: Expression) => this.#emit(y, temporary);
    const [a, b, c] = x.args as [Expression, Expression, Expression];
    switch (x.kind) {
      case "const":
        f.splat(x.value);
        return;
      case "add":
      case "sub":
      case "mul":
      case "div":
        emit(a);
        emit(b);
        f.simd(arithmetic[x.kind]);
        return;
      case "eq":
      case "lt":
      case "le":
        emit(a);
        emit(b);
        f.simd(comparisons[x.kind]);
        return;
      case "min":
      case "max": {
        // with a constant second, pmin and pmax keep NaN and cost one instruction
        const [first, second] = a.isConstant() ? [b, a] : [a, b];
        emit(first);
        emit(second);
        f.simd(second.isConstant() ? `f32x4.p${x.kind}` : `f32x4.${x.kind}`);
        return;
      }
      case "neg":
      case "abs":
      case "sqrt":
      case "floor":
        emit(a);
        f.simd(simple[x.kind]);
        return;
      case "exp":
      case "log":
      case "tanh":
      case "sigmoid":
      case "sin":
      case "cos": {
        const argument = f.local("v128");
        emit(a);
        f.set(argument);
        transcendental[x.kind](f, argument);
        return;
      }
      case "select":
        emit(b);
        emit(c);
        emit(a);
        f.simd("v128.bitselect");
        return;
      case "stop":
      case "spread":
        emit(a);
        return;
      case "rowSum":
      case "rowMax":
        throw new InternalError(`cpu: a reduction must be bound before it is read; got ${x}.`);
      default:
        this.#leaf(x);
    }
  }
}
