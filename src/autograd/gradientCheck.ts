/** Compares gradients with central differences. Run it on the reference device: float32 is too coarse. */
import { UsageError } from "../errors.ts";
import { backend } from "../kernel/backend.ts";
import { grad } from "./backward.ts";
import { sum as sumAll } from "./ops/sum.ts";
import { scope } from "./scope.ts";
import { type Variable, variable } from "./variable.ts";

export interface GradientCheckOptions {
  /** Step of the central differences. */
  readonly eps?: number;
  /** Allowed difference, relative to 1 + |gradient|. */
  readonly tolerance?: number;
  /** Inputs whose gradient is checked; all unless given. */
  readonly which?: readonly number[];
}

interface Tensor {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** A fixed, uneven weighting, so that errors in different elements do not cancel. */
const weight = (i: number): number => Math.sin(1 + 1.7 * i) + 0.3;

function weightedSum(y: Variable): number {
  return y.toArray().reduce((sum, value, i) => sum + weight(i) * value, 0);
}

/** ∂ Σ weight·f / ∂ inputs by the library, one array an input. */
function gradientsOf(
  f: (...xs: Variable[]) => Variable,
  inputs: readonly Tensor[],
  which: readonly number[],
): number[][] {
  return scope(() => {
    const xs = inputs.map(({ shape, values }, i) =>
      variable(Float64Array.from(values), { shape, requiresGrad: which.includes(i) }),
    );
    const y = f(...xs);
    const gy = variable(
      Float64Array.from({ length: y.size }, (_, i) => weight(i)),
      { shape: y.shape },
    );
    return grad(
      [y],
      which.map((i) => xs[i]!),
      { gradOutputs: [gy] },
    ).map((gx) => gx.toArray());
  });
}

function compare(
  what: string,
  value: (inputs: readonly Tensor[]) => number,
  gradients: readonly number[][],
  inputs: readonly Tensor[],
  { eps = 1e-4, tolerance = 1e-6, which = inputs.map((_, i) => i) }: GradientCheckOptions,
): void {
  which.forEach((input, k) => {
    inputs[input]!.values.forEach((_, j) => {
      const analytic = gradients[k]![j]!;
      const moved = (by: number) =>
        value(
          inputs.map((x, i) => (i === input ? { ...x, values: x.values.map((v, l) => (l === j ? v + by : v)) } : x)),
        );
      const numeric = (moved(eps) - moved(-eps)) / (2 * eps);
      if (!(Math.abs(numeric - analytic) <= tolerance * (1 + Math.abs(numeric)))) {
        throw new UsageError(
          `gradientCheck: ${what} of input ${input} must agree with central differences; got ${analytic} and ${numeric} at element ${j}.`,
        );
      }
    });
  });
}

function requireReference(): void {
  if (backend().name !== "reference") {
    throw new UsageError(
      `gradientCheck: the device must be "reference", as float32 is too coarse; got "${backend().name}". Await openDevice("reference") first.`,
    );
  }
}

/**
 * Checks the gradient of `f` at the given inputs.
 *
 * @throws UsageError naming the element where the gradient and the central difference disagree
 */
export function gradientCheck(
  f: (...xs: Variable[]) => Variable,
  inputs: readonly Tensor[],
  options: GradientCheckOptions = {},
): void {
  requireReference();
  const which = options.which ?? inputs.map((_, i) => i);
  const value = (at: readonly Tensor[]) =>
    scope(() => weightedSum(f(...at.map(({ shape, values }) => variable(Float64Array.from(values), { shape })))));
  compare("the gradient", value, gradientsOf(f, inputs, which), inputs, { ...options, which });
}

/** Checks the gradient of the gradient of `f`, with respect to the inputs and to the gradient of the output. */
export function doubleGradientCheck(
  f: (...xs: Variable[]) => Variable,
  inputs: readonly Tensor[],
  options: GradientCheckOptions = {},
): void {
  requireReference();
  const which = options.which ?? inputs.map((_, i) => i);
  const outputShape = scope(
    () => f(...inputs.map(({ shape, values }) => variable(Float64Array.from(values), { shape }))).shape,
  );
  const size = outputShape.reduce((product, n) => product * n, 1);
  const gy: Tensor = { shape: outputShape, values: Array.from({ length: size }, (_, i) => Math.cos(2 + i)) };
  // the first-order gradients, weighted to one number, as a function of inputs and gy
  const first = (...args: Variable[]): Variable => {
    const xs = args.slice(0, -1);
    const wanted = which.map((i) => xs[i]!);
    for (const x of wanted) x.requiresGrad = true;
    const gradients = grad([f(...xs)], wanted, { gradOutputs: [args.at(-1)!], createGraph: true });
    return gradients
      .map((gx) => {
        const w = variable(
          Float64Array.from({ length: gx.size }, (_, i) => weight(i + 3)),
          { shape: gx.shape },
        );
        return sumAll(gx.mul(w));
      })
      .reduce((a, b) => a.add(b));
  };
  const all = [...inputs, gy];
  const value = (at: readonly Tensor[]) =>
    scope(() => first(...at.map(({ shape, values }) => variable(Float64Array.from(values), { shape }))).item()) *
    weight(0);
  const checked = [...which, inputs.length];
  compare("the second gradient", value, gradientsOf(first, all, checked), all, { ...options, which: checked });
}
