/** Threads: every call of a job runs once, and results are the same for any number of threads, bit for bit. */
import { afterEach, describe, expect, it } from "vitest";
import { assemble, FunctionBody } from "../../src/cpu/assembler.ts";
import { createCpuBackend } from "../../src/cpu/cpuBackend.ts";
import { CpuMemory } from "../../src/cpu/memory.ts";
import { makeTeam, wantedThreads } from "../../src/cpu/team.ts";
import type { Convolution } from "../../src/kernel/windows.ts";
import { Random } from "../../src/random.ts";

describe("a team", () => {
  it("runs every call of every job once, helpers among those who run them", () => {
    const memory = new CpuMemory();
    const address = memory.reserve(4 * 600);
    // (out, value): out += value
    const f = new FunctionBody(["i32", "f32"]);
    f.get(0);
    f.get(0);
    f.loadF32();
    f.get(1);
    f.op("f32.add");
    f.storeF32();
    const module = new WebAssembly.Module(assemble(f, memory.limits));
    const { exports } = new WebAssembly.Instance(module, { env: { memory: memory.memory } });
    const run = exports.f as (...args: number[]) => void;
    const team = makeTeam(3, memory.memory)!;
    team.know(run, module);
    const wanted = new Float64Array(600);
    // jobs shorter than the handing out, so that the next one is announced while helpers still look at the last
    for (let job = 0; team.helped < 1000 || job < 20_000; job++) {
      const count = job % 100 === 0 ? 600 : 1 + (job % 9);
      const first = (job * 7) % (601 - count);
      team.run(run, count, [address + 4 * first, job % 5], [4, 1]);
      for (let i = 0; i < count; i++) wanted[first + i]! += (job % 5) + i;
      if (job % 1000 > 0) continue;
      const found = memory.floats.subarray(address >> 2, (address >> 2) + 600);
      expect(Array.from(found)).toEqual(Array.from(wanted));
      memory.floats.fill(0, address >> 2, (address >> 2) + 600);
      wanted.fill(0);
    }
  }, 60_000);
});

describe("products and convolutions", () => {
  const results = (threads: number) => {
    const { memory, families } = createCpuBackend({ threads });
    const random = new Random("threads");
    const put = (n: number) => {
      const address = memory.reserve(4 * n);
      memory.write(
        address,
        Float32Array.from({ length: n }, () => random.normal()),
      );
      return address;
    };
    const at = (address: number, n: number) => memory.floats.slice(address >> 2, (address >> 2) + n);
    const found: (Float32Array | Float64Array)[] = [];
    const product = families.matmul({ bias: true, activation: null });
    for (const [rows, inner, cols, transposeA, transposeB] of [
      [33, 700, 130, false, false],
      [32, 130, 600, false, true],
      [603, 40, 90, true, false],
      [300, 200, 100, false, false],
    ] as const) {
      const [a, b, bias, y] = [put(rows * inner), put(inner * cols), put(cols), put(rows * cols)];
      product(rows, inner, cols, a, b, bias, y, transposeA, transposeB, false);
      found.push(at(y, rows * cols));
    }
    for (const stride of [1, 2]) {
      const outSize = Math.floor((20 - 3) / stride) + 1;
      const of: Convolution = {
        ...{ batch: 8, channels: 16, outChannels: 24, groups: 1, height: 20, width: 20 },
        ...{ kernel: [3, 3], stride: [stride, stride], padding: [0, 0], dilation: [1, 1] },
        ...{ outHeight: outSize, outWidth: outSize },
      };
      const [x, w, gy] = [put(8 * 16 * 400), put(24 * 16 * 9), put(8 * 24 * outSize ** 2)];
      const [y, gx, gw] = [put(8 * 24 * outSize ** 2), put(8 * 16 * 400), put(24 * 16 * 9)];
      families.convolution({ bias: false, activation: null })(of, x, w, 0, y);
      families.convolutionInput(of, gy, w, gx);
      families.convolutionWeight(of, x, gy, gw, false);
      found.push(at(y, 8 * 24 * outSize ** 2), at(gx, 8 * 16 * 400), at(gw, 24 * 16 * 9));
    }
    return found;
  };

  it("are the same bit for bit", () => {
    const alone = results(1);
    results(2).forEach((list, k) => {
      expect(Buffer.compare(Buffer.from(list.buffer), Buffer.from(alone[k]!.buffer))).toBe(0);
    });
  });
});

describe("KUSARI_THREADS", () => {
  afterEach(() => {
    delete process.env.KUSARI_THREADS;
  });

  it("is a count", () => {
    expect(wantedThreads()).toBe(1);
    process.env.KUSARI_THREADS = "2";
    expect(wantedThreads()).toBe(2);
    process.env.KUSARI_THREADS = "many";
    expect(wantedThreads).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: cpu: KUSARI_THREADS must be a whole number from 1 to 64; got many. Leave it away for 1.]`,
    );
  });
});
