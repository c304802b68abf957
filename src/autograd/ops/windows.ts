/** The elements of every window over planes of numbers, and the adjoint; what pooling is made of. */
import { backend } from "../../kernel/backend.ts";
import type { Windows } from "../../kernel/windows.ts";
import { accumulate } from "../backward.ts";
import { type Differentiable, record } from "../functionNode.ts";
import { allocateVariable, assertAlive, internShape, type Shape, type Variable } from "../variable.ts";

interface Context {
  readonly of: Windows;
  readonly shape: Shape;
}

const taking: Differentiable = {
  name: "windows",
  backward(node, gy) {
    const { of, shape } = node.context as Context;
    accumulate(node.inputs[0]!, putWindows(gy, of, shape));
  },
};

const putting: Differentiable = {
  name: "windowsAdjoint",
  backward(node, ggx) {
    accumulate(node.inputs[0]!, takeWindows(ggx, (node.context as Context).of, 0));
  },
};

/** (batch, channels, outHeight, outWidth, taps): the windows of x (batch, channels, height, width), `beyond` around it. */
export function takeWindows(x: Variable, of: Windows, beyond: number): Variable {
  assertAlive(x, taking.name);
  const [batch, channels] = x.shape as readonly [number, number];
  const y = allocateVariable(internShape([batch, channels, of.outHeight, of.outWidth, of.kernel[0] * of.kernel[1]]));
  if (y.size > 0) backend().families.windows(of, batch * channels, x.address, y.address, beyond);
  record(taking, [x], y, { of, shape: x.shape } satisfies Context);
  return y;
}

/** The sums of what windows give to each element of the shape. */
function putWindows(g: Variable, of: Windows, shape: Shape): Variable {
  const gx = allocateVariable(shape);
  if (gx.size > 0) backend().families.windowsAdjoint(of, shape[0]! * shape[1]!, g.address, gx.address);
  record(putting, [g], gx, { of, shape } satisfies Context);
  return gx;
}
