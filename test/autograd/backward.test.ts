import { beforeEach, describe, expect, it } from "vitest";
import {
  doubleGradientCheck,
  exp,
  forceBackprop,
  getItem,
  grad,
  gradientCheck,
  graph,
  linear,
  matmul,
  noBackprop,
  Parameter,
  reshape,
  scope,
  sum,
  tanh,
  type Variable,
  variable,
} from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";

beforeEach(async () => {
  await openDevice("cpu");
});

const leaf = (values: number[] | number) => variable(values, { requiresGrad: true });

describe("backward", () => {
  it("adds up what an input gets through several uses, and over several passes", () =>
    scope(() => {
      const x = leaf([1, 2]);
      const y = x.mul(x).add(x).add(x.mul(3)); // 2x + 1 + 3
      sum(y).backward();
      expect(x.grad!.toArray()).toEqual([6, 8]);
      sum(x.mul(10)).backward();
      expect(x.grad!.toArray()).toEqual([16, 18]);
      x.clearGrad();
      sum(x).backward();
      expect(x.grad!.toArray()).toEqual([1, 1]);
    }));

  it("adds into a parameter's slot, from all its uses", () =>
    scope(() => {
      const w = new Parameter([2, 2], "w");
      w.assign([1, 2, 3, 4]);
      expect(w.gradData).toBe(null);
      const x = variable([[1, 1]]);
      sum(
        matmul(x, w)
          .add(linear(x, w))
          .add(matmul(x, w, { transposeB: true })),
      ).backward();
      expect([...w.gradData!]).toEqual([3, 3, 3, 3]);
      sum(w.mul(2)).backward();
      expect([...w.gradData!]).toEqual([5, 5, 5, 5]);
      w.clearGrad();
      sum(w).backward();
      expect([...w.gradData!]).toEqual([1, 1, 1, 1]);
    }));

  it("takes a gradient for y", () => {
    const x = leaf([1, 2]);
    x.mul(3).backward(variable([1, 10]));
    expect(x.grad!.toArray()).toEqual([3, 30]);
  });

  it("runs twice over one graph", () => {
    const x = leaf([2]);
    const y = x.mul(x);
    y.backward();
    y.backward();
    expect(x.grad!.item()).toBe(8);
  });

  it("goes through 20,000 operations", () =>
    scope(() => {
      const x = leaf([1]);
      let y = x.mul(1);
      for (let i = 0; i < 20_000; i++) y = y.add(x);
      y.backward();
      expect(x.grad!.item()).toBe(20_001);
      expect(grad([y], [x])[0]!.item()).toBe(20_001);
    }));

  it("visits a node of many paths once", () =>
    scope(() => {
      const x = leaf([1]);
      let y = x.mul(1);
      for (let i = 0; i < 60; i++) y = y.add(y).mul(0.5); // 2⁶⁰ paths
      y.backward();
      expect(x.grad!.item()).toBe(1);
    }));

  it("a parameter overwritten since forward raises", () => {
    const w = new Parameter([2], "w");
    w.assign([1, 2]);
    scope(() => {
      const loss = sum(w.mul(w));
      w.assign([3, 4]);
      expect(() => loss.backward()).toThrowErrorMatchingInlineSnapshot(
        `[UsageError: backward: what mul read must stand unchanged until backward; got w (2) overwritten in between. Call backward before the optimizer's update or the next batch.]`,
      );
    });
    scope(() => {
      const flat = reshape(w, [1, 2]).detach();
      const loss = sum(leaf([1, 1]).mul(reshape(flat, [2])));
      w.assign([5, 6]);
      expect(() => loss.backward()).toThrow(/unchanged until backward/);
    });
    // sums do not read it: they raise all the same, as the tape can not know
    scope(() => {
      const loss = sum(w.mul(w));
      loss.backward();
      expect([...w.gradData!]).toEqual([10, 12]);
    });
  });

  it("a leaf's gradient raises when it is read after its scope", () => {
    const x = leaf([1, 2]);
    scope(() => sum(x.mul(2)).backward());
    expect(() => x.grad!.toArray()).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: data: a Variable may be used only inside its scope; got a Variable of shape (2) after its scope ended. Return it from the scope, or keep its numbers with toArray().]`,
    );
    // the next pass starts anew
    scope(() => {
      sum(x.mul(3)).backward();
      expect(x.grad!.toArray()).toEqual([3, 3]);
    });
  });

  it("without a graph raises", () => {
    expect(() => variable([1]).backward()).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: backward: y must be computed from something that requires a gradient; got (1) without a graph. Check requiresGrad of its leaves.]`,
    );
    expect(() => scope(() => noBackprop(() => leaf([1]).mul(2).backward()))).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: backward: y must be computed from something that requires a gradient; got (1) without a graph. It was computed inside noBackprop.]`,
    );
  });

  it("leaves nothing behind when it raises in the middle", () => {
    const x = leaf([1]);
    const w = new Parameter([1]);
    w.assign([2]);
    scope(() => {
      const y = x.mul(w);
      const z = y.add(x);
      w.assign([3]);
      expect(() => z.backward()).toThrow(/unchanged/);
      expect([y.pending, z.pending, x.pending]).toEqual([null, null, null]);
      expect(() => grad([z], [x])).toThrow(/unchanged/);
      expect([y.pending, z.pending, x.pending]).toEqual([null, null, null]);
      x.clearGrad();
      x.mul(2).backward();
      expect(x.grad!.item()).toBe(2);
    });
  });
});

describe("slices of one Variable", () => {
  it("add into one gradient, among its other uses, before and behind them", () =>
    scope(() => {
      const x = leaf([1, 2, 3]);
      const y = x.mul(2); // what is sliced is no leaf
      const parts = [getItem(y, 0).mul(10), getItem(y, { start: 1 }).mul(100), getItem(y, { stop: 2 }).mul(y.size)];
      const whole = y.mul(y);
      sum(parts[0]!).add(sum(whole)).add(sum(parts[1]!)).add(sum(parts[2]!)).backward();
      // 2 (10, 100, 100) + 2 (3, 3, 0) + 4 y
      expect(x.grad!.toArray()).toEqual([20 + 6 + 8, 200 + 6 + 16, 200 + 24]);
    }));

  it("do not add into a gradient that another Variable has too", () =>
    scope(() => {
      const x = leaf([1, 2]).mul(1);
      const early = sum(getItem(x, 0).mul(1000)); // behind y in the pass back
      const y = reshape(x, [2, 1]); // hands its gradient on without a copy
      const [gx, gy] = grad([early.add(sum(getItem(y, 0))).add(sum(getItem(y, 1)))], [x, y]);
      expect([gx!.toArray(), gy!.toArray()]).toEqual([
        [1001, 1],
        [1, 1],
      ]);
    }));

  it("have right gradients of first and second order", async () => {
    await openDevice("reference");
    const f = (a: Variable, b: Variable): Variable => {
      const y = tanh(a.mul(b));
      const y0 = getItem(y, 0);
      const next = tanh(y.add(a)); // a's share and y's from one gradient
      const rows = [getItem(next, 0), getItem(next, 1, { step: 2 }), getItem(next, null, -1), getItem(a, 1)];
      const sums = rows.map((row) => sum(exp(row)));
      return sum(y0.mul(getItem(next, 1)))
        .add(sums.reduce((p, q) => p.mul(q)))
        .add(sum(next.mul(y)));
    };
    const draw = (seed: number) => ({ shape: [2, 3], values: Array.from({ length: 6 }, (_, i) => Math.sin(seed + i)) });
    gradientCheck(f, [draw(1), draw(7)]);
    doubleGradientCheck(f, [draw(1), draw(7)]);
  });
});

describe("grad", () => {
  it("gives gradients as values and leaves leaves alone", () => {
    const x = leaf([1, 2]);
    const w = new Parameter([2]);
    w.assign([3, 4]);
    const [gx, gw] = grad([sum(x.mul(w))], [x, w]);
    expect(gx!.toArray()).toEqual([3, 4]);
    expect(gw!.toArray()).toEqual([1, 2]);
    expect(x.grad).toBe(null);
    expect(w.hasGrad).toBe(false);
    expect(gx!.requiresGrad).toBe(false);
  });

  it("gives zeros for inputs that the outputs do not depend on", () => {
    const [x, z] = [leaf([1, 2]), leaf([3])];
    expect(grad([sum(x)], [z, x]).map((g) => g.toArray())).toEqual([[0], [1, 1]]);
  });

  it("takes intermediate results as targets, and the output itself", () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const z = sum(y.mul(y));
    expect(grad([z], [y, x, z]).map((g) => g.toArray())).toEqual([[4, 8], [8, 16], [1]]);
    expect([x, y, z].map(({ pending }) => pending)).toEqual([null, null, null]);
  });

  it("adds up over outputs, each with its own gradient", () => {
    const x = leaf([1, 2]);
    const outputs = [x.mul(2), sum(x), x.mul(2)];
    const gradOutputs = [variable([1, 10]), undefined, variable([1, 1])];
    expect(grad(outputs, [x], { gradOutputs })[0]!.toArray()).toEqual([5, 23]);
  });

  it("differentiates again with createGraph", () => {
    const x = leaf([0.5]);
    let y = exp(x.mul(2)); // the n-th derivative is 2ⁿ y
    const value = y.item();
    for (let order = 1; order <= 5; order++) {
      y = grad([y], [x], { createGraph: true })[0]!;
      expect(y.item() / value).toBeCloseTo(2 ** order, 3);
    }
    y.backward();
    expect(x.grad!.item() / value).toBeCloseTo(64, 2);
  });

  it("records inside noBackprop when asked for a graph, and not else", () => {
    const x = leaf([2]);
    const y = x.mul(x).mul(x);
    const [plain] = grad([y], [x]);
    expect(plain!.creator).toBe(null);
    const [first] = noBackprop(() => grad([y], [x], { createGraph: true }));
    expect(grad([first!], [x])[0]!.item()).toBe(12);
  });

  it("inputs without requiresGrad raise", () => {
    const x = variable([1], { name: "x" });
    expect(() => grad([leaf([1]).mul(x)], [x])).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: grad: inputs must require a gradient; got x without. Set requiresGrad before computing.]`,
    );
  });
});

describe("recording", () => {
  it("noBackprop and forceBackprop switch it, and back when the body raises", () => {
    const x = leaf([1]);
    expect(noBackprop(() => tanh(x)).creator).toBe(null);
    expect(noBackprop(() => forceBackprop(() => tanh(x))).creator).not.toBe(null);
    expect(() =>
      noBackprop(() => {
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(tanh(x).creator).not.toBe(null);
  });

  it("nothing is recorded where nothing requires a gradient", () => {
    const y = tanh(variable([1]));
    expect([y.creator, y.requiresGrad]).toEqual([null, false]);
    expect(leaf([1]).detach().requiresGrad).toBe(false);
  });
});

describe("graph", () => {
  const drawn = (format: "dot" | "mermaid") =>
    scope(() => {
      const x = variable([[1, 2]], { name: "x" });
      const w = new Parameter([2, 3], "w");
      const y = linear(x, w, null, tanh);
      return graph(sum(y.mul(y)), { format });
    });

  it("dot", () => {
    expect(drawn("dot")).toMatchInlineSnapshot(`
      "digraph {
        n0 [label="x (1, 2)", shape=ellipse];
        n1 [label="w (2, 3)", shape=ellipse];
        n2 [label="linear+tanh (1, 3)", shape=box];
        n3 [label="mul (1, 3)", shape=box];
        n4 [label="sum ()", shape=box];
        n0 -> n2;
        n1 -> n2;
        n2 -> n3;
        n2 -> n3;
        n3 -> n4;
      }"
    `);
  });

  it("mermaid", () => {
    expect(drawn("mermaid")).toMatchInlineSnapshot(`
      "flowchart TD
        n0(["x (1, 2)"])
        n1(["w (2, 3)"])
        n2["linear+tanh (1, 3)"]
        n3["mul (1, 3)"]
        n4["sum ()"]
        n0 --> n2
        n1 --> n2
        n2 --> n3
        n2 --> n3
        n3 --> n4"
    `);
  });

  it("of data is a leaf", () => {
    expect(graph(variable([1]))).toMatchInlineSnapshot(`
      "digraph {
        n0 [label="data (1)", shape=ellipse];
      }"
    `);
  });
});
