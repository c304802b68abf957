/** Gradients of a limited length. */
import { GradientClipping, type Optimizer } from "../autograd/index.ts";

/** Adds clipping by the norm over all parameters, unless it is null. */
export const withClipping = (optimizer: Optimizer, maxGradNorm: number | null): Optimizer =>
  maxGradNorm === null ? optimizer : optimizer.addHook(new GradientClipping(maxGradNorm));
