/** Programs that repeat, with pipelines of their own, beside the same kernels launched one by one. */
import { describe, expect, it } from "vitest";
import { DoubleDQN } from "../../src/agents/index.ts";
import { createGpuBackend, type GpuBackend } from "../../src/gpu/gpuBackend.ts";
import { useBackend } from "../../src/kernel/backend.ts";
import { Random } from "../../src/random.ts";
import { fill } from "../agents/fill.ts";
import { because, missingAdapter } from "./adapter.ts";

const spaces = { observationSpace: { shape: [4] }, actionSpace: { n: 2 } };

/** Dispatches and submissions while `body` runs. */
async function counted(body: () => Promise<void>): Promise<{ dispatches: number; submits: number }> {
  const counts = { dispatches: 0, submits: 0 };
  const { dispatchWorkgroups } = GPUComputePassEncoder.prototype;
  const { submit } = GPUQueue.prototype;
  GPUComputePassEncoder.prototype.dispatchWorkgroups = function (...args) {
    counts.dispatches++;
    return dispatchWorkgroups.apply(this, args);
  };
  GPUQueue.prototype.submit = function (...args) {
    counts.submits++;
    return submit.apply(this, args);
  };
  try {
    await body();
  } finally {
    GPUComputePassEncoder.prototype.dispatchWorkgroups = dispatchWorkgroups;
    GPUQueue.prototype.submit = submit;
  }
  return counts;
}

async function learner(backend: GpuBackend, hiddenSizes: readonly number[] = [64, 64]) {
  useBackend(backend);
  const small = { replayStartSize: 40, replayCapacity: 100, updateInterval: 1_000, targetUpdateInterval: 50 };
  const agent = new DoubleDQN({ ...spaces, ...small, hiddenSizes, maxGradNorm: 10, random: new Random(1) });
  fill(agent, 80);
  const update = async (times: number) => {
    for (let i = 0; i < times; i++) {
      agent.update();
      await backend.turn();
    }
  };
  return { agent, update };
}

describe.skipIf(missingAdapter)(`a program that repeats${because}`, () => {
  it("gives the same numbers, to the last bit", async () => {
    const learn = async (hotAfter: number) => {
      const backend = await createGpuBackend([], hotAfter);
      const { agent, update } = await learner(backend);
      await update(12);
      await backend.settle();
      let dispatches = 0;
      dispatches = (await counted(() => update(12))).dispatches;
      await backend.memory.sync();
      const numbers = agent.qFunction.parameters().flatMap((p) => p.toArray());
      const statistics = agent.statistics();
      backend.destroy();
      return { numbers, statistics, dispatches };
    };
    const each = await learn(1_000);
    const replayed = await learn(4);
    expect(replayed.dispatches).toBeLessThan(each.dispatches / 2);
    expect(replayed.numbers).toEqual(each.numbers);
    expect(replayed.statistics).toEqual(each.statistics);
  });
});

describe("on Dawn's null backend, which checks and runs nothing", () => {
  const open = () => createGpuBackend(["backend=null"], 4);

  it("an update of Double DQN is one submission of at most nine dispatches", async () => {
    const backend = await open();
    const { update } = await learner(backend);
    await update(8);
    await backend.settle();
    const { dispatches, submits } = await counted(() => update(10));
    expect(submits).toBe(10);
    expect(dispatches / 10).toBeLessThanOrEqual(9);
    backend.destroy();
  });

  it("ten thousand updates make no buffer and leave memory as it was", async () => {
    const backend = await open();
    const { update } = await learner(backend, [8]);
    await update(200);
    await backend.settle();
    await update(100);
    let buffers = 0;
    let bindings = 0;
    const { createBuffer, createBindGroup } = GPUDevice.prototype;
    GPUDevice.prototype.createBuffer = function (...args) {
      buffers++;
      return createBuffer.apply(this, args);
    };
    GPUDevice.prototype.createBindGroup = function (...args) {
      bindings++;
      return createBindGroup.apply(this, args);
    };
    const { reservedBytes } = backend.memory;
    try {
      await update(10_000);
    } finally {
      GPUDevice.prototype.createBuffer = createBuffer;
      GPUDevice.prototype.createBindGroup = createBindGroup;
    }
    expect({ buffers, bindings }).toEqual({ buffers: 0, bindings: 0 });
    expect(backend.memory.reservedBytes).toBe(reservedBytes);
    backend.destroy();
  });

  it("memory that moves leaves recorded programs valid", async () => {
    const backend = await open();
    const { update } = await learner(backend);
    await update(8);
    await backend.settle();
    backend.memory.grow(64 << 20);
    const { dispatches } = await counted(() => update(5));
    expect(dispatches / 5).toBeLessThanOrEqual(9);
    await backend.memory.sync();
    backend.destroy();
  });
});
