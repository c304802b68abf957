/** The same with fused multiply-add: the flag has to be set before the first module of the process is compiled. */
import { setFlagsFromString } from "node:v8";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/random.ts";
import { checkMatmul, drawCases, fixedCases } from "./matmulCases.ts";

// newer versions of Node have it on
if (Number.parseInt(process.versions.node, 10) < 21) setFlagsFromString("--experimental-wasm-relaxed-simd");

describe("matmul by fused multiply-add", () => {
  it("agrees with the reference at sizes that take each way through the driver, and writes y only", () => {
    expect(checkMatmul(true, fixedCases, new Random(1))).toBe("relaxed-fma");
  });

  it("agrees with the reference over random sizes", () => {
    checkMatmul(true, drawCases(400, new Random(2)), new Random(3));
  });
});
