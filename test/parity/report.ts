/** All checks in a row, for runtimes that have no test runner. */
import { openDevice } from "../../src/device.ts";
import { checksOf, type OpModules, type ParityReport, type Target } from "./checks.ts";

export async function reportParity(target: Target, modules: OpModules): Promise<ParityReport> {
  const { variant } = await openDevice(target);
  const failures: string[] = [];
  const checks = checksOf(modules);
  for (const { group, name, run } of checks) {
    try {
      await run(target);
    } catch (error) {
      failures.push(`${group} ${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return { passed: checks.length - failures.length, failures, variant };
}
