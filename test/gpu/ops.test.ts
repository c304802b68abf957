/// <reference types="vite/types/importMeta.d.ts" />
/** Every operation on whatever adapter is there: value, gradient and second gradient as on the reference. */
import { describe, it } from "vitest";
import { familyCases } from "../autograd/familyCases.ts";
import { casesOf, definedOps, expectParity } from "../autograd/opCases.ts";

const modules = import.meta.glob<Record<string, unknown>>("../../src/autograd/ops/*.ts", { eager: true });

describe("operations that are one formula", () => {
  it.each(definedOps(modules))("%s", (name, op) => {
    const cases = casesOf(name, op);
    // a pipeline a layout takes its time on a software adapter: every third, the first and the last among them
    return expectParity(
      cases.filter((_, i) => i % 3 === 0 || i === cases.length - 1),
      "gpu",
    );
  });
});

describe("families", () => {
  it.each(Object.entries(familyCases))("%s", (_name, cases) => expectParity(cases, "gpu"));
});
