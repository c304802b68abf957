/** Numbers that a device makes over several operations, compared with those of the reference. */
import { openDevice } from "../../src/device.ts";
import type { Target } from "./checks.ts";

/** What a check computes: it queues everything, and gives the numbers once the device was synced. */
export type Computation = () => () => readonly number[];

/** Every number within 1e-5 of the reference's, relative to its size. */
export async function expectSame(compute: Computation, target: Target): Promise<void> {
  const numbers: (readonly number[])[] = [];
  for (const name of ["reference", target] as const) {
    const device = await openDevice(name);
    const read = compute();
    await device.sync();
    numbers.push(read());
  }
  const [expected, found] = numbers as [readonly number[], readonly number[]];
  if (found.length !== expected.length || found.length === 0) {
    throw new Error(`there must be ${expected.length} numbers and at least one, got ${found.length}`);
  }
  found.forEach((x, i) => {
    if (!(Math.abs(x - expected[i]!) <= 1e-5 * (1 + Math.abs(expected[i]!)))) {
      throw new Error(`number ${i} must be ${expected[i]}, got ${x}`);
    }
  });
}
