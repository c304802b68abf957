/** The picture of a computation, as dot and as mermaid. */
import { beforeEach, describe, expect, it } from "vitest";
import { graph, Linear, Parameter, relu, Sequential, scope, square, sum, variable } from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import { Random } from "../../src/random.ts";

beforeEach(async () => {
  await openDevice("cpu");
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
      expect(graph(x.mul(x)).match(/ellipse/g)).toHaveLength(1);
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

  it("of 20,000 operations does not overflow the stack", () =>
    scope(() => {
      const x = variable([1], { requiresGrad: true });
      let y = x.mul(1);
      for (let i = 0; i < 20_000; i++) y = y.add(x);
      const lines = graph(y).split("\n");
      expect(lines.filter((line) => line.includes("shape=box"))).toHaveLength(20_001);
      expect(lines.filter((line) => line.includes("->"))).toHaveLength(40_001);
    }));
});
