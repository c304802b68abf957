/** Kernels printed as WGSL, run on whatever adapter is there, against the reference. */
import { afterAll, describe, expect, it } from "vitest";
import { createGpuBackend } from "../../src/gpu/gpuBackend.ts";
import { createReferenceBackend } from "../../src/kernel/reference.ts";
import { Random } from "../../src/random.ts";
import { compareRandomKernels } from "../kernel/randomKernels.ts";

const gpu = await createGpuBackend();
afterAll(() => gpu.destroy());

describe(`on ${gpu.variant}`, () => {
  it("random kernels give what they give on the reference, and write their outputs only", async () => {
    const { compared } = await compareRandomKernels(gpu, createReferenceBackend(), new Random("fuzz"), 120);
    expect(compared).toBeGreaterThan(3_000);
  });
});
