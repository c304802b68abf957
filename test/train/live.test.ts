/** The live picture of a run: there while somebody looks, gone with them, and without a trace in the run. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { make, makeVec } from "../../src/envs/index.ts";
import { type Run, resume, type TrainConfig, train } from "../../src/train/index.ts";
import type { LiveScene } from "../../src/train/liveScene.ts";
import { ScriptedEnv, SpyAgent } from "./scriptedParts.ts";
import { outcomeOf, small, smallHyperparameters } from "./smallRun.ts";

let folder: string;
/** What renews the marks. */
const looking: NodeJS.Timeout[] = [];
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-live-"));
});
afterAll(() => {
  for (const timer of looking) clearInterval(timer);
  fs.rmSync(folder, { recursive: true, force: true });
});

const place = (...names: readonly string[]) => path.join(folder, ...names);
const pictureFile = (run: string) => place(run, "live", "picture.json");

/** Looks at a run as the dashboard's server does. */
function lookAt(run: string): () => void {
  let beats = 0;
  const timer = setInterval(() => {
    fs.mkdirSync(place(run, "live"), { recursive: true });
    const mark = place(run, "live", "watched");
    fs.writeFileSync(mark, "");
    fs.utimesSync(mark, ++beats, beats);
  }, 50);
  looking.push(timer);
  return () => clearInterval(timer);
}

function seen(run: string): LiveScene | null {
  try {
    return JSON.parse(fs.readFileSync(pictureFile(run), "utf8")) as LiveScene;
  } catch {
    return null;
  }
}

/** Holds a run at each report until its picture of that step is there; resolves to all of them. */
async function watched(run: Run, name: string): Promise<LiveScene[]> {
  const scenes: LiveScene[] = [];
  let stop = () => {};
  run.on("start", () => {
    stop = lookAt(name);
  });
  run.on("progress", ({ step }) => {
    if (scenes.length === 4) return;
    run.pause();
    const timer = setInterval(() => {
      const scene = seen(name);
      if (scene?.step !== step) return;
      clearInterval(timer);
      scenes.push(scene);
      run.continue();
    }, 20);
  });
  await run;
  stop();
  return scenes;
}

const config = (out: string, more: Partial<TrainConfig> = {}): TrainConfig => ({
  agent: "dqn",
  env: "CartPole-v1",
  ...small,
  hyperparameters: smallHyperparameters,
  ...more,
  out: place(out),
});

describe("a run that somebody looks at", () => {
  const { decaySteps, ...noisy } = smallHyperparameters;
  const lstm = { ...smallHyperparameters, recurrent: "lstm", sequenceLength: 4, burnIn: 1 };
  it.each([
    ["dqn", {}],
    ["recurrent dqn", { hyperparameters: lstm }],
    ["rainbow with its noise", { agent: "rainbow", hyperparameters: noisy }],
    ["ppo", { agent: "ppo", hyperparameters: { updateInterval: 64, minibatchSize: 16, hiddenSizes: [8] } }],
    ["four environments in one loop", { envs: 4, steps: 1_500 }],
    ["four environments one by one", { envs: 4, steps: 1_500, vectorMode: "sync" }],
    ["four environments in threads", { envs: 4, steps: 1_500, vectorMode: "worker" }],
  ] as const)("is the same byte for byte: %s", async (what, more) => {
    const name = what.replaceAll(" ", "-");
    const given = more as Partial<TrainConfig>;
    await train(config(`${name}-alone`, given));
    const scenes = await watched(train(config(`${name}-watched`, given)), `${name}-watched`);
    expect(scenes).toHaveLength(4);
    expect(new Set(scenes.map(({ picture }) => JSON.stringify(picture))).size).toBe(4);
    for (const { picture, explanation, actionNames, envs, note } of scenes) {
      expect(note).toBeNull();
      expect(envs).toBe(given.envs ?? 1);
      expect(picture).toMatchObject({ width: 600, height: 400 });
      if (explanation === null) continue;
      expect(explanation.numbers).toHaveLength(2);
      expect(actionNames).toEqual(["left", "right"]);
    }
    expect(scenes.some(({ explanation }) => explanation !== null)).toBe(true);
    expect(outcomeOf(place(`${name}-watched`))).toEqual(outcomeOf(place(`${name}-alone`)));
    // nothing stays behind
    expect(fs.readdirSync(place(`${name}-watched`))).toEqual(fs.readdirSync(place(`${name}-alone`)));
  });

  it("shows the step and the return of the episode, and goes on after a resume", async () => {
    const given = config("resumed", { env: "MountainCar-v0", steps: 1_200, reportInterval: 130 });
    const run = train(given);
    run.on("progress", ({ step }) => step === 130 && void run.stop());
    await run;
    const [scene] = await watched(resume(place("resumed")), "resumed");
    // episodes have 200 steps of reward −1
    const { step, episode } = scene!;
    const steps = step % 200;
    expect(episode).toEqual({ begunAt: step - steps, steps, return: -steps, isOver: false });
  });

  it("writes nothing while nobody looks, and stops when nobody does any more", async () => {
    const run = train(config("unseen", { steps: 100_000_000, evalInterval: 100_000_000 }));
    run.on("start", () => fs.mkdirSync(place("unseen", "live")));
    const until = (condition: () => boolean) => expect.poll(condition, { timeout: 15_000 }).toBe(true);
    let reports = 0;
    run.on("progress", () => reports++);
    await until(() => reports > 10);
    expect(seen("unseen")).toBeNull();
    const stop = lookAt("unseen");
    await until(() => seen("unseen") !== null);
    const first = seen("unseen")!.step;
    await until(() => (seen("unseen")?.step ?? 0) > first);
    stop();
    await until(() => seen("unseen") === null);
    await run.stop();
    expect(fs.existsSync(place("unseen", "live"))).toBe(false);
  });

  it("says what it cannot draw or explain, and is not ended by it", async () => {
    const scripted = () => new ScriptedEnv();
    const bare = await watched(
      train(config("bare", { agent: new SpyAgent(), env: scripted, hyperparameters: {}, reportInterval: 251 })),
      "bare",
    );
    expect(bare[0]).toMatchObject({ picture: null, explanation: null, note: null, episode: { steps: 1, return: 1 } });
    const broken = () => {
      const env = make("CartPole-v1");
      env.draw = () => {
        throw new Error("no paint");
      };
      return env as never;
    };
    const scenes = await watched(train(config("broken", { env: broken })), "broken");
    expect(scenes[0]).toMatchObject({ picture: null, note: "The picture failed: no paint" });
  });

  it("of several actors shows the first one", async () => {
    for (const [agent, hyperparameters] of [
      ["a3c", {}],
      ["dqn", smallHyperparameters],
    ] as const) {
      const run = train(
        config(`actors-${agent}`, { agent, hyperparameters, actors: 2, steps: 100_000_000, evalInterval: 100_000_000 }),
      );
      run.on("start", () => void lookAt(`actors-${agent}`));
      await expect.poll(() => seen(`actors-${agent}`), { timeout: 20_000 }).not.toBeNull();
      const { step, actors, explanation, picture } = seen(`actors-${agent}`)!;
      expect(step).toBeGreaterThan(0);
      expect([actors, explanation?.numbers.length ?? 2, picture?.width]).toEqual([2, 2, 600]);
      for (const timer of looking) clearInterval(timer);
      await run.stop();
      expect(fs.existsSync(place(`actors-${agent}`, "live"))).toBe(false);
    }
  });
});

describe("a vector environment", () => {
  it.each(["CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Acrobot-v1", "Taxi-v4"])(
    "draws a row as it is alone: %s",
    (id) => {
      const alone = make(id);
      alone.reset({ seed: 8 });
      const pictures = (["sync", "batch", "worker"] as const).flatMap((mode) => {
        if (mode === "batch" && id === "Taxi-v4") return [];
        const envs = makeVec(id, 3, { mode });
        envs.reset({ seed: 7 });
        const picture = envs.draw(1);
        envs.close();
        return [picture];
      });
      for (const picture of pictures) expect(picture).toEqual(alone.draw());
    },
  );
});
