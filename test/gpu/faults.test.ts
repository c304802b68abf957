/** What a GPU that fails means for a script and for a run. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { persistent } from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import { DeviceError } from "../../src/errors.ts";
import { createGpuBackend } from "../../src/gpu/gpuBackend.ts";
import { resume, train } from "../../src/train/index.ts";
import { because, missingAdapter } from "./adapter.ts";

/** The devices that get commands while `body` runs, in the order of their first. */
async function devicesOf(body: (devices: readonly GPUDevice[]) => Promise<void>): Promise<void> {
  const devices: GPUDevice[] = [];
  const { createCommandEncoder } = GPUDevice.prototype;
  GPUDevice.prototype.createCommandEncoder = function (...args) {
    if (!devices.includes(this)) devices.push(this);
    return createCommandEncoder.apply(this, args);
  };
  try {
    await body(devices);
  } finally {
    GPUDevice.prototype.createCommandEncoder = createCommandEncoder;
  }
}

describe("on Dawn's null backend", () => {
  it("tensors beyond the adapter's largest binding are refused", async () => {
    const backend = await createGpuBackend(["backend=null"]);
    const most = Number(backend.adapter!.limits.maxStorageBufferBindingSize) / 2 ** 20;
    expect(() => backend.memory.grow(1e15)).toThrow(
      `gpu: tensors must fit into ${most} MiB, the adapter's largest binding; got 953674317 MiB. Use smaller batches or networks, or the cpu.`,
    );
    backend.destroy();
  });

  it("a command that WebGPU refuses ends the work with its message", async () => {
    const backend = await createGpuBackend(["backend=null"]);
    backend.memory.write(1 << 30, [1]);
    await expect(backend.memory.read(64, 1)).rejects.toThrow(/^gpu: every command must be valid; got .*writ/i);
    expect(backend.isFine).toBe(false);
    backend.destroy();
  });
});

describe.skipIf(missingAdapter)(`a device that is lost${because}`, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-lost-"));
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  it("says so at the next command, and can be opened again", async () => {
    await openDevice("cpu");
    await devicesOf(async (devices) => {
      const backend = await createGpuBackend(["backend=null"]);
      await backend.memory.read(64, 1);
      devices[0]!.destroy();
      await devices[0]!.lost;
      await expect(backend.turn().then(() => backend.memory.read(64, 1))).rejects.toThrowErrorMatchingInlineSnapshot(
        `[DeviceError: gpu: the device must stay; got lost (device was destroyed). Resume the run from its last checkpoint, on the cpu if it happens again.]`,
      );
    });
  });

  it("ends a run with the step, and the run goes on from its checkpoint on a device opened anew", async () => {
    const out = path.join(folder, "run");
    await devicesOf(async (devices) => {
      const run = train({
        agent: "dqn",
        env: "CartPole-v1",
        device: "gpu",
        out,
        steps: 300,
        stopAt: null,
        evalEpisodes: 2,
        finalEpisodes: 2,
        reportInterval: 50,
        checkpointInterval: 100,
        hyperparameters: { hiddenSizes: [8], replayStartSize: 50 },
      });
      run.on("progress", ({ step }) => {
        if (step >= 150) devices[0]!.destroy();
      });
      const failure = await run.then(
        () => null,
        (error: Error) => error,
      );
      expect(failure).toBeInstanceOf(DeviceError);
      expect(failure!.message.replaceAll(folder, "runs")).toMatch(
        /^train: the agent failed at step 1\d\d of 300.*: gpu: the device must stay; got lost.*rl resume/,
      );
      expect((await resume(out)).outcome).toBe("finished");
      expect(devices).toHaveLength(2);
    });
    await openDevice("gpu");
    const x = persistent([3]);
    x.write([1, 2, 3]);
    expect(Array.from(await x.read())).toEqual([1, 2, 3]);
  });
});
