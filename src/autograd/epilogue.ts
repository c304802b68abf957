/** Activations that run inside a matrix product or a convolution: those whose gradient reads only their output. */
import { type Expression, input } from "../kernel/expression.ts";
import type { AnyOp } from "./defineOp.ts";
import { flatDomain, KernelFunction } from "./kernelFunction.ts";
import type { Variable } from "./variable.ts";

export class Epilogue {
  readonly name: string;
  readonly expression: Expression;
  /** The activation as a function of its own, for its gradient. */
  readonly #map: KernelFunction;

  constructor(name: string, expression: Expression) {
    this.name = name;
    this.expression = expression;
    this.#map = new KernelFunction(name, ["element"], expression, null);
  }

  /** Whether the gradient can be said in terms of the output. */
  get readsOutputOnly(): boolean {
    return this.#map.gradient(0)?.reads.every((which) => which < 0) ?? false;
  }

  /** The gradient of what went in, from the output and its gradient. */
  gradient(y: Variable, gy: Variable): Variable {
    const derived = this.#map.gradient(0)!;
    const args = derived.reads.map((which) => (which === -1 ? y : gy));
    return derived.run.apply(args, flatDomain(gy.shape));
  }
}

const epilogues = new Map<AnyOp, Epilogue | null>();

/** An activation as an epilogue; null where its gradient needs more than its output, or it is no function of one input. */
export function epilogueOf(activation: AnyOp): Epilogue | null {
  let found = epilogues.get(activation);
  if (found === undefined) {
    const { name, inputs, scalars, backward, forward } = activation.definition;
    found = null;
    if (inputs.length === 1 && !scalars?.length && !backward) {
      const epilogue = new Epilogue(name, forward({ [inputs[0]!]: input(0, "element") }));
      if (epilogue.readsOutputOnly) found = epilogue;
    }
    epilogues.set(activation, found);
  }
  return found;
}
