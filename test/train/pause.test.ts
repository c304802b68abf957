/** Pausing, checkpoints on demand, and the episodes that evaluations leave behind. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listAgents } from "../../src/agents/index.ts";
import { make } from "../../src/envs/index.ts";
import { Random } from "../../src/random.ts";
import { loadEnv, type RecordedEpisode, type RunEvent, replayEpisode, resume, train } from "../../src/train/index.ts";
import { ScriptedEnv, SpyAgent } from "./scriptedParts.ts";
import { outcomeOf, small, smallHyperparameters } from "./smallRun.ts";

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-pause-"));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const config = (out: string) =>
  ({
    agent: "dqn",
    env: "CartPole-v1",
    ...small,
    hyperparameters: smallHyperparameters,
    out: path.join(folder, out),
  }) as const;
const turns = async (n: number) => {
  for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve));
};
const episodesOf = (run: string) =>
  fs
    .readdirSync(path.join(folder, run, "episodes"))
    .map((name) => JSON.parse(fs.readFileSync(path.join(folder, run, "episodes", name), "utf8")) as RecordedEpisode)
    .sort((a, b) => a.step - b.step);

describe("the training thread", () => {
  it("is not held longer where steps become slow, as they do when learning begins", async () => {
    let [steps, turned, longest, isOver] = [0, 0, 0, false];
    const onStep = (taken: number) => {
      steps = taken;
      const until = performance.now() + (taken > 5_000 ? 1 : 0);
      while (performance.now() < until);
    };
    const look = () => {
      // from the second slice of slow steps on
      if (turned > 5_500) longest = Math.max(longest, steps - turned);
      turned = steps;
      if (!isOver) setImmediate(look);
    };
    const run = train({
      agent: new SpyAgent(),
      env: () => new ScriptedEnv({ onStep }),
      steps: 7_000,
      reportInterval: 500,
      evalInterval: 7_000,
      evalEpisodes: 1,
      confirmEpisodes: 0,
      finalEpisodes: 1,
      stopAt: null,
      out: null,
    });
    run.on("start", () => void setImmediate(look));
    await run;
    isOver = true;
    expect(longest).toBeGreaterThan(0);
    expect(longest).toBeLessThan(100);
  });
});

describe("a paused run", () => {
  it("holds, writes a checkpoint when asked, and goes on with the same numbers", async () => {
    await train(config("straight"));
    const run = train(config("paused"));
    const events: RunEvent[] = [];
    run.on("event", (event) => events.push(event));
    for (const kind of ["progress", "evaluation"] as const) {
      let isFirst = true;
      run.on(kind, () => {
        if (!isFirst) return;
        isFirst = false;
        run.pause();
        setImmediate(async () => {
          await turns(50);
          const seen = events.length;
          const metrics = path.join(folder, "paused", "metrics.ndjson");
          const length = fs.statSync(metrics).size;
          await turns(200);
          expect(events.length).toBe(seen);
          expect(events.at(-1)!.event).toBe("pause");
          expect(fs.statSync(metrics).size).toBe(length);
          run.checkpoint();
          await turns(50);
          expect(events.at(-1)).toMatchObject({ event: "checkpoint" });
          run.continue();
        });
      });
    }
    await run;
    const kinds = events.map(({ event }) => event).filter((kind) => kind === "pause" || kind === "continue");
    expect(kinds).toEqual(["pause", "continue", "pause", "continue"]);
    expect(outcomeOf(path.join(folder, "paused"))).toEqual(outcomeOf(path.join(folder, "straight")));
    expect(episodesOf("paused")).toEqual(episodesOf("straight"));
  });

  it("of several environments goes on with the same numbers too", async () => {
    const side = { envs: 4, steps: 1_200 };
    await train({ ...config("four"), ...side });
    const run = train({ ...config("fourPaused"), ...side });
    let left = 3;
    run.on("progress", () => {
      if (left-- <= 0) return;
      run.pause();
      run.checkpoint();
      setImmediate(async () => {
        await turns(20);
        run.continue();
      });
    });
    await run;
    expect(outcomeOf(path.join(folder, "fourPaused"), 1_200)).toEqual(outcomeOf(path.join(folder, "four"), 1_200));
  });

  it("can be stopped, and resumed from where it stood", async () => {
    const run = train(config("stopped"));
    run.on("evaluation", () => run.pause());
    run.on("pause", () => setImmediate(() => void run.stop()));
    expect((await run).outcome).toBe("stopped");
    await resume(path.join(folder, "stopped"));
    expect(outcomeOf(path.join(folder, "stopped"))).toEqual(outcomeOf(path.join(folder, "straight")));
    expect(episodesOf("stopped")).toEqual(episodesOf("straight"));
  });

  it("of several actors stands still too", async () => {
    const run = train({
      ...config("actors"),
      agent: "a3c",
      actors: 2,
      steps: 200_000,
      evalInterval: 100_000_000,
      reportInterval: 200,
      hyperparameters: {},
    });
    let held: number[] = [];
    run.on("pause", async () => {
      const steps = () => Number(fs.readFileSync(path.join(folder, "actors", "timing.ndjson")).length);
      held = [steps()];
      await new Promise((resolve) => setTimeout(resolve, 60));
      held.push(steps());
      run.continue();
      run.on("progress", () => void run.stop());
    });
    let isFirst = true;
    run.on("progress", () => {
      if (isFirst) run.pause();
      isFirst = false;
    });
    expect((await run).outcome).toBe("stopped");
    expect(held[1]).toBe(held[0]);
  });
});

describe("the episodes of evaluations", () => {
  it("are the first of each, and come out the same when they are played again", () => {
    const episodes = episodesOf("straight");
    expect(episodes.map(({ step }) => step)).toEqual([500, 1_000, 1_500]);
    const env = loadEnv(path.join(folder, "straight"));
    for (const episode of episodes) {
      let looks = 0;
      const played = replayEpisode(env, episode, () => looks++);
      expect(played).toEqual({ return: episode.return, end: "terminated" });
      expect(looks).toBe(episode.actions.length + 1);
      expect(episode.explanation!.kind).toBe("qValues");
      for (const [i, q] of episode.explanation!.numbers.entries()) {
        expect(q).toHaveLength(2);
        // greedy: the action with the larger value, as far as five digits tell
        expect(q[episode.actions[i] as number]).toBe(Math.max(...q));
        expect(episode.explanation!.values[i]).toBe(Math.max(...q));
      }
    }
    env.close();
  });
});

describe("every agent says what its greedy action went by", () => {
  const kinds = listAgents().flatMap(({ id, hyperparameters }) =>
    ["none", ...("recurrent" in hyperparameters ? ["lstm"] : [])].map((recurrent) => [id, recurrent] as const),
  );
  it.each(kinds)("%s, recurrent: %s", (id, recurrent) => {
    const spec = listAgents().find((agent) => agent.id === id)!;
    const isDiscrete = spec.actionSpaces.includes("Discrete");
    const env = make(isDiscrete ? "CartPole-v1" : "Pendulum-v1");
    const { observationSpace, actionSpace } = env as unknown as Parameters<typeof spec.create>[0];
    const random = new Random(0).stream("agent");
    const plain = "nStep" in spec.hyperparameters ? { sampling: "uniform", nStep: 1 } : {};
    const hyperparameters = recurrent === "none" ? {} : { recurrent, ...plain };
    const agent = spec.create({ observationSpace, actionSpace, random, hyperparameters });
    const [obs] = env.reset({ seed: 0 });
    const before = JSON.stringify(agent.saveState());
    agent.evalMode(() => {
      const action = agent.act(obs as Float32Array);
      const { kind, numbers, value } = agent.explain!();
      if (kind === "action") {
        const low = (env.actionSpace as unknown as { low: Float32Array }).low[0]!;
        expect(Math.max(low, numbers[0]!)).toBeCloseTo((action as Float32Array)[0]!, 5);
      } else {
        expect(numbers).toHaveLength(2);
        expect(numbers.indexOf(Math.max(...numbers))).toBe(action);
        if (kind === "probabilities") expect(numbers[0]! + numbers[1]!).toBeCloseTo(1, 5);
      }
      if (value !== null) expect(Number.isFinite(value)).toBe(true);
    });
    expect(JSON.stringify(agent.saveState())).toBe(before);
    env.close();
  });
});
