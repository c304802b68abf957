/** Kernels printed as WGSL, run on whatever adapter is there, against the reference. */
import { describe, expect, it } from "vitest";
import { createGpuBackend } from "../../src/gpu/gpuBackend.ts";
import { createReferenceBackend } from "../../src/kernel/reference.ts";
import { Random } from "../../src/random.ts";
import { compareRandomKernels } from "../kernel/randomKernels.ts";
import { because, missingAdapter } from "./adapter.ts";

describe.skipIf(missingAdapter)(`on the gpu${because}`, () => {
  it("random kernels give what they give on the reference, and write their outputs only", async () => {
    const gpu = await createGpuBackend();
    const { compared } = await compareRandomKernels(gpu, createReferenceBackend(), new Random("fuzz"), 120);
    expect(compared).toBeGreaterThan(3_000);
    gpu.destroy();
  });
});
