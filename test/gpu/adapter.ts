/** Whether there is an adapter to test on. */
import { openDevice } from "../../src/device.ts";

/**
 * Why the tests of the GPU are skipped here, or null where they run. On Linux and x64 there is a software adapter
 * (softwareAdapter.ts), so that they never are.
 */
export const missingAdapter: string | null = await openDevice("gpu").then(
  () => null,
  (error: Error) => {
    if (process.platform === "linux" && process.arch === "x64") throw error;
    return error.message;
  },
);

/** What stands behind the name of a suite: the reason why it is skipped. */
export const because = missingAdapter === null ? "" : ` (skipped: ${missingAdapter})`;
