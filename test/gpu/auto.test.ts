/** Which device "auto" takes, what was measured for it, and where that is kept. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { conv2d, grad, matmul, persistent, reshape, scope, square, sum, variable } from "../../src/autograd/index.ts";
import { countWork, openDevice, profileFile } from "../../src/device.ts";
import { predictedMicroseconds } from "../../src/deviceProfile.ts";
import { createGpuBackend } from "../../src/gpu/gpuBackend.ts";
import { channelTiles, TunedTiles, tiles } from "../../src/gpu/tiles.ts";
import { useBackend } from "../../src/kernel/backend.ts";
import { Mlp } from "../../src/nets/index.ts";
import { Random } from "../../src/random.ts";
import { train } from "../../src/train/index.ts";
import { because, missingAdapter } from "./adapter.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-cache-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));
beforeEach(() => {
  process.env.KUSARI_CACHE = path.join(folder, "cache");
  fs.rmSync(path.join(folder, "cache"), { recursive: true, force: true });
});

const profiles = () => JSON.parse(fs.readFileSync(profileFile()!, "utf8")).profiles;

describe("work", () => {
  it("is two operations a weight and row", async () => {
    await openDevice("cpu");
    const before = new Mlp(4, 2, { hiddenSizes: [8], random: new Random(0) });
    const work = countWork(() => {
      const net = new Mlp(4, 2, { hiddenSizes: [8], random: new Random(0) });
      scope(() => void net.forward(persistent([5, 4])));
    });
    expect(work).toBe(2 * 5 * (4 * 8 + 8 * 2));
    // and the device that ran before runs again
    expect(scope(() => before.forward(persistent([1, 4])).toArray())).toHaveLength(2);
  });

  it("is predicted by launches and products", () => {
    expect(predictedMicroseconds({ gigaflops: 10, launchMicroseconds: 2 }, 5e6)).toBe(12 * 2 + 500);
  });
});

describe("auto", () => {
  it("takes the cpu at once where updates are tiny, and says why", async () => {
    const device = await openDevice("auto", { work: 2e6 });
    expect(device.name).toBe("cpu");
    expect(device.reason).toBe("cpu: an update of 2 MFLOP is too small for any GPU");
    expect(fs.existsSync(profileFile()!)).toBe(false);
    expect((await openDevice("cpu")).reason).toBeNull();
  });

  it.skipIf(missingAdapter)(`measures both where they are not, once${because}`, async () => {
    const device = await openDevice("auto", { work: 1e9 });
    expect(device.reason).toMatch(
      /^(cpu|gpu): an update of 1000 MFLOP would take [\d.]+ (µs|ms) on the gpu \(webgpu.*\), [\d.]+ (µs|ms) on the cpu$/,
    );
    expect(device.reason!.startsWith(device.name)).toBe(true);
    const measured = profiles();
    expect(Object.keys(measured)).toHaveLength(2);
    for (const profile of Object.values(measured)) {
      expect(profile).toEqual({
        gigaflops: expect.any(Number),
        launchMicroseconds: expect.any(Number),
        readMilliseconds: expect.any(Number),
      });
    }
    await openDevice("auto", { work: 2e9 });
    expect(profiles()).toEqual(measured);

    // and goes by what was measured
    const file = JSON.parse(fs.readFileSync(profileFile()!, "utf8"));
    const edit = (gpuGigaflops: number) => {
      for (const [name, profile] of Object.entries<{ gigaflops: number; launchMicroseconds: number }>(file.profiles)) {
        profile.gigaflops = name.startsWith("gpu") ? gpuGigaflops : 10;
        if (name.startsWith("gpu")) profile.launchMicroseconds = 5;
      }
      fs.writeFileSync(profileFile()!, JSON.stringify(file));
    };
    edit(1_000);
    expect((await openDevice("auto", { work: 1e9 })).name).toBe("gpu");
    edit(1);
    expect((await openDevice("auto", { work: 1e9 })).name).toBe("cpu");
    // a damaged file is as none
    fs.writeFileSync(profileFile()!, "{ not json");
    expect((await openDevice("auto", { work: 1e9 })).reason).toContain("1000 MFLOP");
  });

  it("of a run looks at its networks, and the run keeps what was taken", async () => {
    const out = path.join(folder, "run");
    const reasons: (string | null)[] = [];
    const hyperparameters = { hiddenSizes: [8], replayStartSize: 32 };
    const run = train({ agent: "dqn", env: "CartPole-v1", steps: 40, out, hyperparameters, finalEpisodes: 1 });
    run.on("start", ({ deviceReason }) => reasons.push(deviceReason));
    await run;
    // 2 · (4·8 + 8·2) · 32 rows · 4 passes
    expect(reasons).toEqual(["cpu: an update of 0.012 MFLOP is too small for any GPU"]);
    expect(JSON.parse(fs.readFileSync(path.join(out, "config.json"), "utf8")).device).toBe("cpu");
  });
});

describe("tiles", () => {
  it("are by rule until they were measured, by class of shape then", () => {
    const tuned = new TunedTiles();
    expect([tuned.of(32, 64, 64), tuned.of(512, 64, 64), tuned.of(512, 512, 512)]).toEqual([0, 2, 3]);
    tuned.use({ [25 * 1 + 5 * 2 + 2]: 4, 9999: 1, 7: 99 });
    expect(tuned.of(32, 64, 64)).toBe(4);
    // the same orders of magnitude
    expect(tuned.of(9, 128, 33)).toBe(4);
    expect(tuned.of(33, 64, 64)).toBe(0);
    tuned.use({});
    expect(tuned.of(32, 64, 64)).toBe(0);
    // channels of a convolution that an invocation computes
    expect([tuned.ofChannels(3), tuned.ofChannels(64)]).toEqual([4, 4]);
    tuned.use({ "channels 2": 8, "channels 0": 3 });
    expect([tuned.ofChannels(3), tuned.ofChannels(33), tuned.ofChannels(128)]).toEqual([4, 8, 8]);
  });

  it("are tuned for every shape and used from then on", async () => {
    const backend = await createGpuBackend(["backend=null"]);
    const shapes = [
      [32, 64, 64],
      [3, 40, 2],
    ] as const;
    const told: string[] = [];
    const onShape: Parameters<typeof backend.tune>[0] = ({ shape, tried, best }, done, total) => {
      const fitting = tiles.filter(([rows, cols]) => rows <= shape[0] && cols <= shape[2]);
      expect(tried.map(({ tile }) => tile)).toEqual(fitting);
      const speeds = tried.map(({ gigaflops }) => gigaflops);
      expect(tried.find(({ tile }) => tile === best)!.gigaflops).toBe(Math.max(...speeds));
      told.push(`${done} of ${total}: ${shape}`);
    };
    const table = await backend.tune(onShape, shapes);
    expect(told).toEqual(["1 of 2: 32,64,64", "2 of 2: 3,40,2"]);
    expect(Object.keys(table)).toEqual(["10", "37", "channels 1", "channels 2"]);
    expect(tiles[table[37]!]).toBeDefined();
    backend.destroy();
  });

  it.skipIf(missingAdapter)(`of every size give the same numbers, to the last bit${because}`, async () => {
    const backend = await createGpuBackend();
    useBackend(backend);
    const wave = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(1 + 3 * i));
    const x = variable(wave(2 * 3 * 36), { shape: [2, 3, 6, 6], requiresGrad: true });
    const w = variable(wave(5 * 3 * 9), { shape: [5, 3, 3, 3], requiresGrad: true });
    const results: number[][] = [];
    for (const channels of channelTiles) {
      for (const tile of tiles.keys()) {
        if (channels !== 4 && tile > 0) continue;
        backend.useTiles({
          "channels 0": channels,
          ...Object.fromEntries(Array.from({ length: 125 }, (_, k) => [k, tile])),
        });
        const outputs = scope(() => {
          const y = conv2d(x, w, null, { padding: 1 });
          const product = matmul(reshape(y, [10, 36]), reshape(x, [36, 6]));
          const gradients = grad([sum(square(product))], [x, w]);
          return [y, product, ...gradients].map((v) => v!.detach());
        });
        results.push((await Promise.all(outputs.map((v) => v.read()))).flatMap((list) => [...list]));
      }
    }
    expect(results).toHaveLength(channelTiles.length - 1 + tiles.length);
    for (const other of results) expect(other).toEqual(results[0]);
    backend.destroy();
  });
});
