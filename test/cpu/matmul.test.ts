import { describe, expect, it } from "vitest";
import { Random } from "../../src/random.ts";
import { checkMatmul, drawCases, fixedCases } from "./matmulCases.ts";

describe("matmul by multiply and add", () => {
  it("agrees with the reference at sizes that take each way through the driver, and writes y only", () => {
    expect(checkMatmul(false, fixedCases, new Random(1))).toBe("mul-add");
  });

  it("agrees with the reference over random sizes", () => {
    checkMatmul(false, drawCases(400, new Random(2)), new Random(3));
  });
});
