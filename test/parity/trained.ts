/** Numbers that a device makes over several operations, compared with those of the reference. */
import { openDevice } from "../../src/device.ts";
import type { Target } from "./checks.ts";

/** What a check computes: it queues everything, and gives lists of numbers once the device was synced. */
export type Computation = () => () => readonly (readonly number[])[];

/** Every number within 4e-5 of the reference's, relative to the largest of its list. */
export async function expectSame(compute: Computation, target: Target): Promise<void> {
  const results: (readonly (readonly number[])[])[] = [];
  for (const name of ["reference", target] as const) {
    const device = await openDevice(name);
    const read = compute();
    await device.sync();
    results.push(read());
  }
  const [expected, found] = results as [readonly (readonly number[])[], readonly (readonly number[])[]];
  if (found.length !== expected.length || found.length === 0) {
    throw new Error(`there must be ${expected.length} lists and at least one, got ${found.length}`);
  }
  expected.forEach((list, k) => {
    const other = found[k]!;
    if (other.length !== list.length)
      throw new Error(`list ${k} must have ${list.length} numbers, got ${other.length}`);
    const allowed = 4e-5 * (1 + Math.max(0, ...list.map(Math.abs)));
    list.forEach((wanted, i) => {
      if (!(Math.abs(other[i]! - wanted) <= allowed)) {
        throw new Error(`number ${i} of list ${k} must be ${wanted} within ${allowed}, got ${other[i]}`);
      }
    });
  });
}
