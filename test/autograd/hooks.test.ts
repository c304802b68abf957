/** Function hooks, and the picture of a computation. */
import { beforeEach, describe, expect, it } from "vitest";
import {
  exp,
  finiteCheck,
  graph,
  Linear,
  log,
  MemoryHook,
  Parameter,
  PrintHook,
  relu,
  Sequential,
  scope,
  square,
  sum,
  TimerHook,
  variable,
  withHook,
} from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import { Random } from "../../src/random.ts";

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
      withHook(hook, () => {
        for (let i = 0; i < 3; i++) {
          square(x);
          exp(large);
        }
      });
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

describe("graph", () => {
  const network = () => {
    const random = new Random(0);
    return new Sequential(new Linear(3, 4, { random, activation: relu }), new Linear(4, 2, { random }));
  };

  it("as dot", () =>
    scope(() => {
      const x = variable([[1, 2, 3]]);
      x.name = "obs";
      expect(graph(network().forward(x))).toMatchInlineSnapshot(`
        "digraph {
          n0 [label="obs (1, 3)", shape=ellipse];
          n1 [label="w (3, 4)", shape=ellipse];
          n2 [label="b (4)", shape=ellipse];
          n3 [label="linear+relu (1, 4)", shape=box];
          n4 [label="w (4, 2)", shape=ellipse];
          n5 [label="b (2)", shape=ellipse];
          n6 [label="linear (1, 2)", shape=box];
          n0 -> n3;
          n1 -> n3;
          n2 -> n3;
          n3 -> n6;
          n4 -> n6;
          n5 -> n6;
        }"
      `);
    }));

  it("as mermaid", () =>
    scope(() => {
      expect(graph(sum(network().forward(variable([[1, 2, 3]]))), { format: "mermaid" })).toMatchInlineSnapshot(`
        "flowchart TD
          n0(["data (1, 3)"])
          n1(["w (3, 4)"])
          n2(["b (4)"])
          n3["linear+relu (1, 4)"]
          n4(["w (4, 2)"])
          n5(["b (2)"])
          n6["linear (1, 2)"]
          n7["sum ()"]
          n0 --> n3
          n1 --> n3
          n2 --> n3
          n3 --> n6
          n4 --> n6
          n5 --> n6
          n6 --> n7"
      `);
    }));

  it("draws what is used twice once", () =>
    scope(() => {
      const x = variable([2], { requiresGrad: true });
      const y = square(x);
      const text = graph(y.mul(y));
      expect(text.match(/square/g)).toHaveLength(1);
      expect(text.match(/->/g)).toHaveLength(3);
    }));

  it("quotes names", () =>
    scope(() => {
      const p = new Parameter([1], 'a "b" \\');
      expect(graph(square(p))).toContain('label="a \\"b\\" \\\\ (1)"');
      expect(graph(square(p), { format: "mermaid" })).toContain('(["a #quot;b#quot; \\ (1)"])');
    }));

  it("of a leaf is the leaf", () =>
    scope(() => {
      expect(graph(variable([1, 2]))).toMatchInlineSnapshot(`
        "digraph {
          n0 [label="data (2)", shape=ellipse];
        }"
      `);
    }));
});
