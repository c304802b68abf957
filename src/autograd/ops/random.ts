/** Random tensors, drawn on the device from a counter-based stream. */
import { backend } from "../../kernel/backend.ts";
import { defineOp } from "../defineOp.ts";
import type { RandomStream } from "../randomStream.ts";
import { noBackprop } from "../scope.ts";
import { allocateVariable, internShape, type Variable } from "../variable.ts";

/** Uniform numbers in [0, 1), 24 bits of resolution. */
export function randomUniform(shape: readonly number[], random: RandomStream): Variable {
  const y = allocateVariable(internShape(shape));
  const { key, block } = random.take(y.size);
  backend().families.randomUniform(y.size, y.address, key[0], key[1], block);
  return y;
}

/** √(−2 ln (1 − u)) cos 2πv is normally distributed for uniform u, v (Box & Muller 1958). */
const boxMuller = defineOp({
  name: "boxMuller",
  inputs: ["u", "v"],
  forward: ({ u, v }) =>
    u
      .neg()
      .add(1)
      .log()
      .mul(-2)
      .sqrt()
      .mul(v.mul(2 * Math.PI).cos()),
  sample: { u: [3, 4], v: [3, 4] },
  sampleRange: [0.1, 0.9],
});

/** Standard normal numbers. */
export function randomNormal(shape: readonly number[], random: RandomStream): Variable {
  return noBackprop(() => boxMuller(randomUniform(shape, random), randomUniform(shape, random)));
}
