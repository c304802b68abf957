/** The parameters and running statistics of a model as one run of numbers, on their way between devices. */
import { backend } from "../kernel/backend.ts";
import type { Link } from "./links/link.ts";

/**
 * A copy of all parameters, in the order of `flat()` with its padding, and of the running statistics behind them, once
 * everything before has run.
 */
export async function fetchParameters(link: Link): Promise<Float32Array | Float64Array> {
  const { address, size } = link.flat();
  const { memory } = backend();
  const persistents = [...link.namedPersistents()];
  if (persistents.length === 0) return memory.read(address, size);
  // all are asked for before the first is waited for, so that they belong together
  const runs = [memory.read(address, size), ...persistents.map(([, x]) => memory.read(x.address, x.size))];
  const parts = await Promise.all(runs);
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Replaces all of them by what `fetchParameters` gave of a model of the same structure. */
export function putParameters(link: Link, values: Float32Array | Float64Array): void {
  const flat = link.flat();
  backend().memory.write(flat.address, values.subarray(0, flat.size));
  flat.version.version++;
  let at = flat.size;
  for (const [, x] of link.namedPersistents()) {
    x.write(values.subarray(at, at + x.size));
    at += x.size;
  }
}
