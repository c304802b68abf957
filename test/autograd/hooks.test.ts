/** Hooks that watch operations: time, memory, printed lines, the first result that is not finite. */
import { beforeEach, describe, expect, it } from "vitest";
import {
  exp,
  finiteCheck,
  log,
  MemoryHook,
  PrintHook,
  scope,
  square,
  sum,
  TimerHook,
  variable,
  withHook,
} from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";

beforeEach(async () => {
  await openDevice("cpu");
});

describe("hooks", () => {
  it("PrintHook tells each operation with its shapes, backward's too", () =>
    scope(() => {
      const lines: string[] = [];
      const x = variable([[1, 2, 3]], { requiresGrad: true });
      x.name = "x";
      withHook(new PrintHook((line) => lines.push(line)), () => sum(square(x)).backward());
      expect(lines).toMatchInlineSnapshot(`
        [
          "square x(1, 3) → (1, 3)",
          "sum (1, 3) → ()",
          "sumGrad () → (1, 3)",
          "squareGrad x(1, 3) (1, 3) → (1, 3)",
        ]
      `);
      square(x);
      expect(lines).toHaveLength(4);
    }));

  it("MemoryHook adds up the bytes of results", () =>
    scope(() => {
      const hook = new MemoryHook();
      const x = variable(Array(256).fill(1));
      withHook(hook, () => {
        exp(x);
        exp(x);
        sum(x);
      });
      expect(Object.fromEntries(hook.totals)).toEqual({
        exp: { calls: 2, bytes: 2048 },
        sum: { calls: 1, bytes: 4 },
      });
      expect(hook.summary().split("\n")).toEqual([
        expect.stringMatching(/^exp +2 2\.0 KiB$/),
        expect.stringMatching(/^sum +1 0\.0 KiB$/),
      ]);
    }));

  it("TimerHook gives the time to the operation that took it", () =>
    scope(() => {
      const hook = new TimerHook();
      const [x, large] = [variable([1]), variable(Array(300_000).fill(0.5))];
      // compiled before the clock counts
      exp(large);
      square(x);
      const start = performance.now();
      withHook(hook, () => {
        for (let i = 0; i < 3; i++) {
          square(x);
          exp(large);
        }
      });
      const elapsed = performance.now() - start;
      const total = [...hook.totals.values()].reduce((sum, { milliseconds }) => sum + milliseconds, 0);
      expect(total).toBeLessThanOrEqual(elapsed);
      expect(total).toBeGreaterThan(0);
      expect(hook.totals.get("exp")!.calls).toBe(3);
      expect(hook.totals.get("exp")!.milliseconds).toBeGreaterThan(hook.totals.get("square")!.milliseconds);
      expect(hook.summary().split("\n")[0]).toMatch(/^exp +3 \d+\.\d{3} ms$/);
    }));

  it("nest, and end with their body, also when it throws", () =>
    scope(() => {
      const [outer, inner] = [new MemoryHook(), new MemoryHook()];
      const x = variable([1]);
      withHook(outer, () => {
        exp(x);
        expect(() =>
          withHook(inner, () => {
            exp(x);
            throw new Error("enough");
          }),
        ).toThrow("enough");
        exp(x);
      });
      exp(x);
      expect([outer.totals.get("exp")!.calls, inner.totals.get("exp")!.calls]).toEqual([3, 1]);
    }));

  it("finiteCheck names the first operation whose result is not finite", () =>
    scope(() => {
      const x = variable([[1, 0]]);
      withHook(finiteCheck, () => exp(x));
      expect(() => withHook(finiteCheck, () => square(log(x)))).toThrowErrorMatchingInlineSnapshot(
        `[UsageError: log: the result must be finite; got -Infinity at element 1 of (1, 2) from inputs (1, 2). Look at the inputs of this operation first.]`,
      );
    }));
});
