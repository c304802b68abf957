/// <reference types="vite/types/importMeta.d.ts" />
import { beforeAll, describe, expect, it } from "vitest";
import { doubleGradientCheck, gradientCheck } from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import { casesOf, definedOps, evaluate, expectParity, smoothInputs } from "./opCases.ts";

const modules = import.meta.glob<Record<string, unknown>>("../../src/autograd/ops/*.ts", { eager: true });
const ops = definedOps(modules);

describe.each(ops)("%s", (name, op) => {
  const which = smoothInputs(op);
  const cases = casesOf(name, op);
  // central differences cost two evaluations an element: the smaller shapes
  const small = cases.filter(({ inputs }) => inputs.every(({ values }) => values.length <= 12)).slice(0, 12);

  if (op.definition.hasNoGradient) {
    it("has zero gradient", async () => {
      await openDevice("reference");
      for (const { f, inputs } of small) {
        for (const gx of evaluate(f, inputs, which).gradients) expect(gx.every((x) => x === 0)).toBe(true);
      }
    });
  } else {
    it("has the gradient of its formula", async () => {
      await openDevice("reference");
      for (const { f, inputs } of small) gradientCheck(f, inputs, { which });
    });

    it("has the second gradient of its formula", async () => {
      await openDevice("reference");
      for (const { f, inputs } of small) doubleGradientCheck(f, inputs, { which, tolerance: 1e-5 });
    });
  }

  it("is the same on cpu and reference", () => expectParity(cases));
});

beforeAll(() => {
  expect(ops.length).toBeGreaterThan(40);
});
