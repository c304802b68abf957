/** Kernels over flat runs of memory, outside the graph: optimizers, target networks, gradient hooks. */
import { backend, backendId, type InputKind, type Launch } from "../kernel/backend.ts";
import type { Expression } from "../kernel/expression.ts";

/**
 * Runs the kernel over `size` elements. Pointers are the outputs' addresses, then the inputs'; an output may stand in
 * an input's place. An output at row level is one number for the whole run.
 */
export type FlatKernel = (size: number, pointers: readonly number[], scalars?: readonly number[]) => void;

/** @param kinds layout of each input: "element" for runs of numbers, "scalar" for one number in memory */
export function flatKernel(name: string, outputs: readonly Expression[], kinds: readonly InputKind[]): FlatKernel {
  let launch: Launch | undefined;
  let launchBackend = -1;
  return (size, p, s = []) => {
    if (launchBackend !== backendId) {
      launch = backend().compile({ name, inputs: kinds, outputs });
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
