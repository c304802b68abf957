import { beforeEach, describe, expect, it } from "vitest";
import {
  arenaBytes,
  concat,
  grad,
  Linear,
  matmul,
  ones,
  reshape,
  scope,
  sum,
  tanh,
  type Variable,
  variable,
  zeros,
} from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import { backend } from "../../src/kernel/backend.ts";
import { Random } from "../../src/random.ts";

beforeEach(async () => {
  await openDevice("cpu");
});

const leaf = (values: number[] | number) => variable(values, { requiresGrad: true });

describe("what leaves a scope", () => {
  it("a Variable used after its scope raises", () => {
    let kept: Variable | undefined;
    scope(() => {
      kept = variable([1, 2], { name: "hidden" });
    });
    expect(() => kept!.data).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: data: a Variable may be used only inside its scope; got hidden after its scope ended. Return it from the scope, or keep its numbers with toArray().]`,
    );
    expect(() => tanh(kept!)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: tanh: a Variable may be used only inside its scope; got hidden after its scope ended. Return it from the scope, or keep its numbers with toArray().]`,
    );
    for (const use of [
      () => kept!.item(),
      () => kept!.detach(),
      () => kept!.add(1),
      () => matmul(kept!, kept!),
      () => reshape(kept!, [2, 1]),
      () => concat([kept!], 0),
      () => sum(kept!),
      () => kept!.backward(),
      () => grad([kept!], [kept!]),
    ]) {
      expect(use).toThrow(/after its scope ended/);
    }
    expect(String(kept)).toBe("Variable(hidden (2), its scope has ended)");
    expect(kept!.isAlive).toBe(false);
  });

  it("a Variable of a sibling scope is dead too, though its memory is used again", () => {
    const run = (value: number) => {
      let kept: Variable | undefined;
      scope(() => {
        kept = variable([value]);
        expect(kept.item()).toBe(value);
      });
      return kept!;
    };
    const first = run(1);
    scope(() => {
      const second = variable([2]);
      expect(second.address).toBe(first.address);
      expect(() => first.item()).toThrow(/after its scope ended/);
    });
  });

  it("a recorded Variable may not leave", () => {
    const x = leaf([1, 2]);
    expect(() => scope(() => tanh(x))).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: scope: a recorded Variable may not leave its scope; got tanh (2). Return y.detach(), or compute the gradient inside.]`,
    );
    expect(() => scope(() => [1, tanh(x)])).toThrow(/may not leave/);
    expect(() => scope(() => ({ loss: tanh(x) }))).toThrow(/may not leave/);
    // and the scope has ended in order
    expect(scope(() => tanh(x).detach()).toArray()).toHaveLength(2);
  });

  it("a detached Variable is copied, in arrays and objects too", () => {
    const y = scope(() => {
      const x = variable([1, 2, 3]).mul(2);
      return { list: [x], number: 4, x };
    });
    expect(y.x.toArray()).toEqual([2, 4, 6]);
    expect(y.number).toBe(4);
    const [a, b] = scope(() => [variable([1]), variable([2])] as const);
    scope(() => {
      zeros([64]);
      expect([a.item(), b.item()]).toEqual([1, 2]);
    });
  });

  it("a leaf stays a leaf with its name", () => {
    const w = scope(() => variable([1, 2], { requiresGrad: true, name: "w" }));
    sum(w.mul(3)).backward();
    expect(w.grad!.toArray()).toEqual([3, 3]);
    expect(w.name).toBe("w");
  });

  it("scopes nest", () => {
    const result = scope(() => {
      const outer = variable([1]);
      const inner = scope(() => {
        const deepest = scope(() => outer.add(1));
        return deepest.add(outer);
      });
      expect(outer.item()).toBe(1);
      return inner.add(10);
    });
    expect(result.item()).toBe(13);
  });

  it("an outer Variable may be returned from an inner scope as it is", () => {
    scope(() => {
      const x = leaf([1]);
      const y = tanh(x);
      expect(scope(() => y)).toBe(y);
    });
  });

  it("a body that raises ends its scope", () => {
    const before = scope(() => variable([0]).address);
    expect(() =>
      scope(() => {
        zeros([1000]);
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(scope(() => variable([0]).address)).toBe(before);
  });

  it("a Promise raises", () => {
    expect(() => scope(async () => 1)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: scope: the body must be synchronous; got a Promise. Await outside of the scope.]`,
    );
  });
});

describe("memory", () => {
  const net = () => {
    const random = new Random(1);
    return [new Linear(4, 16, { random, activation: tanh }), new Linear(16, 2, { random })] as const;
  };

  it("a steady state has the same addresses and takes no more memory over 10,000 steps", () => {
    const [first, second] = net();
    const step = () =>
      scope(() => {
        const x = ones([8, 4]);
        const y = second.forward(first.forward(x));
        const loss = sum(y.mul(y));
        first.clearGrads();
        second.clearGrads();
        loss.backward();
        return [x.address, y.address, loss.address];
      });
    const addresses = step();
    const bytes = arenaBytes();
    const { reservedBytes } = backend().memory;
    for (let i = 0; i < 10_000; i++) step();
    expect(step()).toEqual(addresses);
    expect(arenaBytes()).toBe(bytes);
    expect(backend().memory.reservedBytes).toBe(reservedBytes);
  });

  it("grows in the middle of a scope and keeps what stands there", () => {
    const { memory } = backend();
    const before = memory.generation;
    scope(() => {
      const x = leaf([1, 2, 3]);
      const y = tanh(x);
      const parts: Variable[] = [];
      for (let i = 0; memory.generation < before + 2; i++) parts.push(zeros([1 << 18]).add(i));
      expect(x.toArray()).toEqual([1, 2, 3]);
      for (const [i, part] of parts.entries()) expect(part.data[1000]).toBe(i);
      sum(y).backward();
      x.grad!.toArray().forEach((gx, i) => {
        expect(gx).toBeCloseTo(1 - Math.tanh(i + 1) ** 2, 5);
      });
    });
    // the next scope uses the same chunks
    const bytes = arenaBytes();
    scope(() => {
      for (let i = 0; i < 4; i++) zeros([1 << 18]);
    });
    expect(arenaBytes()).toBe(bytes);
  });
});

describe("devices", () => {
  it("a Variable of another device raises", async () => {
    const x = scope(() => variable([1, 2]).detach());
    await openDevice("reference");
    expect(() => x.add(1)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: addConstant: a Variable may be used only on the device it was made on; got a Variable of shape (2) after another device was opened. Make it anew.]`,
    );
    expect(x.isAlive).toBe(false);
    await openDevice("cpu");
    expect(x.toArray()).toEqual([1, 2]);
  });

  it("an unknown device raises", async () => {
    await expect(openDevice("cup" as never)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[UsageError: device: the name must be one of auto, cpu, gpu, reference, null; got cup. Did you mean cpu?]`,
    );
  });
});

// last: what it takes is not given back
describe("outside any scope", () => {
  it("results outside any scope have a limit", () => {
    expect(() => {
      for (;;) zeros([1 << 22]);
    }).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: scope: results outside any scope may take 256 MiB; got more. Wrap each step of your loop in scope(() => …), which recycles its memory.]`,
    );
  });
});
