/// <reference types="vite/types/importMeta.d.ts" />
/** The WGSL of every kernel is valid, whatever adapter there is: Dawn's null backend checks it and runs nothing. */
import { describe, expect, it } from "vitest";
import { scope } from "../../src/autograd/index.ts";
import { createGpuBackend } from "../../src/gpu/gpuBackend.ts";
import { useBackend } from "../../src/kernel/backend.ts";
import { familyCases } from "../autograd/familyCases.ts";
import { type Case, casesOf, definedOps, differentiate } from "../autograd/opCases.ts";

const modules = import.meta.glob<Record<string, unknown>>("../../src/autograd/ops/*.ts", { eager: true });

/** Value, gradients and second gradients of every case, as kernels of their own and as a program of few stages. */
async function validate(cases: readonly Case[]): Promise<void> {
  const backend = await createGpuBackend(["backend=null"], 2);
  useBackend(backend);
  for (const { f, inputs, which } of cases) {
    for (let round = 0; round < 3; round++) {
      scope(() => {
        differentiate(f, inputs, which ?? inputs.map((_, i) => i));
      });
      await backend.turn();
    }
  }
  await backend.settle();
  // what was refused shows here
  await backend.memory.read(64, 1);
  expect(backend.isFine).toBe(true);
  backend.destroy();
}

describe("valid WGSL", () => {
  it.each(definedOps(modules))("%s", (name, op) => validate(casesOf(name, op).filter((_, i) => i % 4 === 0)));
  it.each(Object.entries(familyCases))("%s", (_name, cases) => validate(cases));
});
