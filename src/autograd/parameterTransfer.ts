/** The parameters of a model as one run of numbers, on their way from one device to another. */
import { backend } from "../kernel/backend.ts";
import type { Link } from "./links/link.ts";

/** A copy of all parameters, in the order of `flat()` with its padding, once everything before has run. */
export function fetchParameters(link: Link): Promise<Float32Array | Float64Array> {
  const { address, size } = link.flat();
  return backend().memory.read(address, size);
}

/** Replaces all parameters by what `fetchParameters` gave of a model of the same structure. */
export function putParameters(link: Link, values: ArrayLike<number>): void {
  const flat = link.flat();
  backend().memory.write(flat.address, values);
  flat.version.version++;
}
