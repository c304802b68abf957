/** Kernels over flat runs of memory, outside the graph: optimizers, target networks, gradient hooks. */
import { UsageError } from "../errors.ts";
import {
  backend,
  backendId,
  type InputKind,
  type Kernel,
  type Launch,
  maxPointers,
  pointerCount,
} from "../kernel/backend.ts";
import { type Expression, topological } from "../kernel/expression.ts";

/**
 * Runs the kernel over `size` elements. Pointers are the outputs' addresses, then the inputs'; those of a kernel in
 * place are the inputs' alone. An output at row level is one number for the whole run.
 */
export type FlatKernel = (size: number, pointers: readonly number[], scalars?: readonly number[]) => void;

/**
 * @param kinds layout of each input: "element" for runs of numbers, "scalar" for one number in memory
 * @param options.inPlace output i overwrites input i
 * @throws UsageError for more than 8 pointers, and for a formula that reads an input which there is not
 */
export function flatKernel(
  name: string,
  outputs: readonly Expression[],
  kinds: readonly InputKind[],
  { inPlace = false }: { readonly inPlace?: boolean } = {},
): FlatKernel {
  const kernel: Kernel = { name, inputs: kinds, outputs, inPlace };
  const pointers = pointerCount(kernel);
  if (pointers > maxPointers) {
    throw new UsageError(
      `${name}: a kernel must have at most ${maxPointers} pointers, one an output and one an input; got ` +
        `${pointers}. Let it work in place, or split it.`,
    );
  }
  if (inPlace && outputs.length > kinds.length) {
    throw new UsageError(
      `${name}: in place, each output must have an input to overwrite; got ${outputs.length} outputs and ${kinds.length} inputs.`,
    );
  }
  for (const { kind, value, level } of topological(outputs)) {
    if (kind !== "input") continue;
    const given = kinds[value];
    if (given === undefined || (given === "element" || given === "column") !== (level === "element")) {
      throw new UsageError(
        `${name}: the formula must read inputs of the kinds ${kinds.join(", ") || "none"}; got input ${value} at ${level} level.`,
      );
    }
  }
  let launch: Launch | undefined;
  let launchBackend = -1;
  return (size, p, s = []) => {
    if (p.length !== pointers) {
      throw new UsageError(`${name}: the kernel must be given ${pointers} pointers; got ${p.length}.`);
    }
    if (launchBackend !== backendId) {
      launch = backend().compile(kernel);
      launchBackend = backendId;
    }
    launch!(
      1,
      size,
      p[0] ?? 0,
      p[1] ?? 0,
      p[2] ?? 0,
      p[3] ?? 0,
      p[4] ?? 0,
      p[5] ?? 0,
      p[6] ?? 0,
      p[7] ?? 0,
      s[0] ?? 0,
      s[1] ?? 0,
      s[2] ?? 0,
      s[3] ?? 0,
      s[4] ?? 0,
      s[5] ?? 0,
      s[6] ?? 0,
      s[7] ?? 0,
    );
  };
}
