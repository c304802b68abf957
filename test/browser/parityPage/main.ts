/// <reference types="vite/types/importMeta.d.ts" />
/** The parity checks, for the test to call. */
import type { ParityReport, Target } from "../../parity/checks.ts";
import { reportParity } from "../../parity/report.ts";

declare global {
  var checkParity: (target: Target) => Promise<ParityReport>;
}

const modules = import.meta.glob<Record<string, unknown>>("../../../src/autograd/ops/*.ts", { eager: true });
globalThis.checkParity = (target) => reportParity(target, modules);
