/** Which device "auto" takes, what was measured for it, and where that is kept. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { persistent, scope } from "../../src/autograd/index.ts";
import { countWork, openDevice, profileFile } from "../../src/device.ts";
import { predictedMicroseconds } from "../../src/deviceProfile.ts";
import { createGpuBackend } from "../../src/gpu/gpuBackend.ts";
import { TunedTiles, tiles } from "../../src/gpu/tiles.ts";
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
    expect(Object.keys(table)).toEqual(["10", "37"]);
    expect(tiles[table[37]!]).toBeDefined();
    backend.destroy();
  });
});
