/** Frames that stay on the GPU: minibatches put together there are those of the host. */
import { describe, expect, it } from "vitest";
import { DoubleDQN, type DQNOptions } from "../../src/agents/index.ts";
import { openDevice } from "../../src/device.ts";
import { Random } from "../../src/random.ts";
import { ReplayBuffer } from "../../src/replay/index.ts";
import { because, missingAdapter } from "./adapter.ts";

const small = { replayStartSize: 40, minibatchSize: 16, replayCapacity: 60, hiddenSizes: [8], updateInterval: 4 };
const spaces = { observationSpace: { shape: [3, 4] }, actionSpace: { n: 2 } };

/** Steps with stacked observations of three frames, several times round the ring. */
function steps(agent: DoubleDQN, count: number, random: Random): void {
  const frame = () => Array.from({ length: 4 }, () => random.integer(200));
  let stack = [frame(), frame(), frame()];
  for (let i = 0; i < count; i++) {
    agent.act(stack.flat());
    stack = [...stack.slice(1), frame()];
    const ends = i % 9 === 8;
    agent.observe(stack.flat(), random.normal(), ends && i % 2 === 0, ends && i % 2 === 1);
    if (ends) stack = [frame(), frame(), frame()];
  }
}

describe.skipIf(missingAdapter)(`replay on the gpu${because}`, () => {
  const learn = async (own: Partial<DQNOptions>, dtype: "float32" | "uint8", reload = false) => {
    const device = await openDevice("gpu");
    const make = () => {
      const replay = new ReplayBuffer({
        capacity: 60,
        obsShape: [3, 4],
        obsDtype: dtype,
        frameStack: own.frameStack ?? 1,
        frameCapacity: 90,
        action: { dtype: "int32", shape: [] },
        gamma: 0.99,
        random: new Random(2),
      });
      return new DoubleDQN({ ...spaces, ...small, ...own, replay, random: new Random(1) });
    };
    let agent = make();
    const random = new Random(3);
    steps(agent, 150, random);
    if (reload) {
      await device.sync();
      const state = structuredClone(agent.saveState());
      agent = make();
      agent.loadState(state);
    }
    steps(agent, 60, random);
    await device.sync();
    return agent.qFunction.parameters().flatMap((p) => p.toArray());
  };

  it.each([
    ["float32 observations", {}, "float32"],
    ["frames of a stack, each once", { frameStack: 3 }, "uint8"],
  ] as const)("learns the same from %s, to the last bit, after a reload too", async (_name, own, dtype) => {
    const expected = await learn(own, dtype);
    expect(await learn({ ...own, replayDevice: "gpu" }, dtype)).toEqual(expected);
    expect(await learn({ ...own, replayDevice: "gpu" }, dtype, true)).toEqual(expected);
  });

  it("brings each frame over once", async () => {
    await openDevice("gpu");
    const agent = new DoubleDQN({ ...spaces, ...small, replayDevice: "gpu", random: new Random(1) });
    steps(agent, 60, new Random(3));
    let bytes = 0;
    const { writeBuffer } = GPUQueue.prototype;
    GPUQueue.prototype.writeBuffer = function (this: GPUQueue, ...args: Parameters<GPUQueue["writeBuffer"]>) {
      const [buffer, , data] = args;
      if (buffer.label === "memory") bytes += (data as Float32Array).byteLength;
      return writeBuffer.apply(this, args as never);
    } as typeof writeBuffer;
    try {
      steps(agent, 40, new Random(4));
    } finally {
      GPUQueue.prototype.writeBuffer = writeBuffer;
    }
    // 10 updates of (obsFrame, action, reward, nextFrame, discount) × 16 numbers, and 45 frames of 12 numbers
    const inStaging = 10 * 5 * 16 * 4;
    expect(bytes).toBeGreaterThan(inStaging);
    expect(bytes).toBeLessThan(inStaging + 50 * 12 * 4);
  });

  it("wants a GPU that learns", async () => {
    await openDevice("cpu");
    expect(() => new DoubleDQN({ ...spaces, replayDevice: "gpu" })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: DoubleDQN: replayDevice gpu must come with a GPU that learns; got the cpu. Open the device gpu, or leave replayDevice out.]`,
    );
  });
});
