/**
 * Reverse-mode differentiation on the expression's graph, symbolic. One rule makes every reduction's derivative come
 * out: an adjoint that flows from an element-level node into a row-level node is summed over the row.
 */
import { constant, type Expression, rowSum, select, topological } from "./expression.ts";

/** What the adjoint `g` of `x` contributes to the i-th argument of `x`; null for nothing. */
function contribution(x: Expression, g: Expression, i: number): Expression | null {
  const [a, b] = x.args as [Expression, Expression];
  switch (x.kind) {
    case "add":
      return g;
    case "sub":
      return i === 0 ? g : g.neg();
    case "mul":
      return i === 0 ? g.mul(b) : g.mul(a);
    case "div":
      return i === 0 ? g.div(b) : g.mul(x).div(b).neg();
    case "neg":
      return g.neg();
    case "abs":
      return g.mul(a.sign());
    case "sqrt":
      return g.mul(0.5).div(x);
    case "exp":
      return g.mul(x);
    case "log":
      return g.div(a);
    case "tanh":
      return g.mul(constant(1).sub(x.square()));
    case "sigmoid":
      return g.mul(x.mul(constant(1).sub(x)));
    case "sin":
      return g.mul(a.cos());
    case "cos":
      return g.mul(a.sin()).neg();
    case "max":
    case "min": {
      // against a constant the test is said in terms of the output, so that only y need be kept (relu);
      // at a tie of two tensors the first takes the gradient, as in Chainer
      const constantIndex = a.isConstant() ? 0 : b.isConstant() ? 1 : -1;
      if (constantIndex >= 0) {
        if (i === constantIndex) return null;
        const bound = x.args[constantIndex]!;
        return select(x.kind === "max" ? x.gt(bound) : x.lt(bound), g, 0);
      }
      const first = x.kind === "max" ? a.ge(b) : a.le(b);
      return i === 0 ? select(first, g, 0) : select(first, 0, g);
    }
    case "select":
      if (i === 0) return null;
      return i === 1 ? select(a, g, 0) : select(a, 0, g);
    case "rowSum":
    case "spread":
      return g;
    case "rowMax":
      return select(a.eq(x), g, 0); // every element that attains the maximum, as in Chainer
    default:
      return null; // floor, comparisons, stop: piecewise constant
  }
}

/**
 * The gradients of Σ gy·y with respect to the given leaves, each at its leaf's level.
 *
 * @param y the forward expression
 * @param gy the gradient of the output: a leaf of y's level
 */
export function gradients(y: Expression, gy: Expression, leaves: readonly Expression[]): Expression[] {
  const adjoint = new Map<Expression, Expression>([[y, gy]]);
  for (const x of topological([y]).reverse()) {
    const g = adjoint.get(x);
    if (!g || x.kind === "stop") continue;
    x.args.forEach((arg, i) => {
      if (arg.isConstant()) return;
      let part = contribution(x, g, i);
      if (!part) return;
      if (arg.level === "row" && x.level === "element") part = rowSum(part);
      const sum = adjoint.get(arg);
      adjoint.set(arg, sum ? sum.add(part) : part);
    });
  }
  return leaves.map((leaf) => adjoint.get(leaf) ?? constant(0));
}
