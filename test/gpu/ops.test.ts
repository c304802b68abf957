/// <reference types="vite/types/importMeta.d.ts" />
/** Every operation on whatever adapter is there: value, gradient and second gradient as on the reference. */
import { describe, it } from "vitest";
import { familyCases } from "../autograd/familyCases.ts";
import { casesOf, definedOps, expectParity } from "../autograd/opCases.ts";
import { because, missingAdapter } from "./adapter.ts";

const modules = import.meta.glob<Record<string, unknown>>("../../src/autograd/ops/*.ts", { eager: true });

describe.skipIf(missingAdapter)(`operations that are one formula${because}`, () => {
  it.each(definedOps(modules))("%s", (name, op) => {
    const cases = casesOf(name, op);
    // a pipeline a layout takes its time on a software adapter: every third, the first and the last among them
    return expectParity(
      cases.filter((_, i) => i % 3 === 0 || i === cases.length - 1),
      "gpu",
    );
  });
});

describe.skipIf(missingAdapter)(`families${because}`, () => {
  it.each(Object.entries(familyCases))("%s", (_name, cases) => expectParity(cases, "gpu"));
});
