/** Every registered agent: ten updates, save and load, the same seed twice, and the ABC toy problem. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Agent, type AgentSpec, listAgents } from "../../src/agents/index.ts";
import { type Env, make } from "../../src/envs/index.ts";
import { Random } from "../../src/random.ts";
import { actorSettings } from "./actorSettings.ts";

const folder = mkdtempSync(join(tmpdir(), "kusari-agents-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const few = { noiseSigma: 0.6, samples: 8, targetSamples: 8, policySamples: 8, basis: 16 };
const fast = { ...few, hiddenSizes: [16], replayStartSize: 32, minibatchSize: 8, learningRate: 1e-3 };

/** An agent with those of the hyperparameters that it has. */
function build(spec: AgentSpec, env: Env, wanted: Record<string, unknown>, seed = 1): Agent {
  const { observationSpace, actionSpace } = env as never;
  const hyperparameters = Object.fromEntries(Object.entries(wanted).filter(([name]) => name in spec.hyperparameters));
  return spec.create({ observationSpace, actionSpace, random: new Random(seed), hyperparameters });
}

type AbcEnv = Env<Float32Array, number>;

/** Plays in training until `updates` updates were made. */
function practise(agent: Agent, env: AbcEnv, updates: number): void {
  let [obs] = env.reset();
  while (agent.updates < updates) {
    const [next, reward, terminated, truncated] = env.step(agent.act(obs) as number);
    agent.observe(next, reward, terminated, truncated);
    obs = terminated || truncated ? env.reset()[0] : next;
  }
}

/** Returns of greedy episodes. */
function greedyReturns(agent: Agent, env: AbcEnv, episodes: number): number[] {
  return agent.evalMode(() =>
    Array.from({ length: episodes }, () => {
      agent.stopEpisode();
      let [obs] = env.reset();
      let total = 0;
      for (;;) {
        const [next, reward, terminated, truncated] = env.step(agent.act(obs) as number);
        total += reward;
        if (terminated || truncated) return total;
        obs = next;
      }
    }),
  );
}

for (const spec of listAgents().filter(({ id }) => !(id in actorSettings))) {
  describe(spec.name, () => {
    const discrete = spec.actionSpaces.includes("Discrete");
    const abc = (size = 2) =>
      make("ABC-v0", { size, discrete, deterministic: !discrete, maxEpisodeSteps: 20 }) as AbcEnv;

    it("updates with finite statistics", () => {
      const env = abc();
      env.reset({ seed: 0 });
      const agent = build(spec, env, fast);
      practise(agent, env, 10);
      expect(Object.values(agent.statistics()).every(Number.isFinite)).toBe(true);
      expect(agent.statistics().averageLoss).toBeGreaterThan(0);
    });

    it("learns the same from the same seed", () => {
      const learn = () => {
        const env = abc();
        env.reset({ seed: 5 });
        const agent = build(spec, env, fast);
        practise(agent, env, 30);
        return agent.saveState();
      };
      expect(learn()).toEqual(learn());
    });

    it("goes on from a saved state as if never stopped", () => {
      const env = abc();
      env.reset({ seed: 5 });
      const agent = build(spec, env, fast);
      practise(agent, env, 20);
      const [state, envState] = structuredClone([agent.saveState(), env.saveState()]);
      practise(agent, env, 40);

      const otherEnv = abc();
      const other = build(spec, otherEnv, fast, 99);
      other.loadState(state!);
      otherEnv.reset({ seed: 1 });
      otherEnv.loadState(envState!);
      practise(other, otherEnv, 40);
      expect(other.saveState()).toEqual(agent.saveState());
    });

    const recurrent = {
      ...few,
      hiddenSizes: [16, 16],
      recurrent: spec.id === "doubledqn" ? "gru" : "lstm",
      sampling: "uniform",
      nStep: 1,
      learningRate: 5e-3,
      gamma: 0.9,
      replayStartSize: 100,
      decaySteps: 500,
      minibatchSize: 8,
      sequenceLength: 4,
      burnIn: 1,
    };
    const hidden = () =>
      make("ABC-v0", { discrete, partiallyObservable: true, deterministic: true, maxEpisodeSteps: 20 }) as AbcEnv;

    it("learns ABC that is partially observable with a recurrent network", async () => {
      const [env, test] = [hidden(), hidden()];
      env.reset({ seed: 0 });
      const agent = build(spec, env, recurrent);
      const solves = (one: Agent) => greedyReturns(one, test, 6).every((total) => total === 1);
      while (agent.updates < 4000 && !solves(agent)) practise(agent, env, agent.updates + 200);
      expect(greedyReturns(agent, test, 6)).toEqual([1, 1, 1, 1, 1, 1]);
      const directory = join(folder, `${spec.id}-recurrent`);
      await agent.save(directory);
      const other = build(spec, env, recurrent, 8);
      await other.load(directory);
      expect(greedyReturns(other, test, 6)).toEqual([1, 1, 1, 1, 1, 1]);
    });

    it("goes on from a saved state in the middle of an episode it remembers", () => {
      const env = hidden();
      env.reset({ seed: 5 });
      const agent = build(spec, env, recurrent);
      practise(agent, env, 20);
      let [obs] = env.reset();
      obs = env.step(agent.act(obs) as number)[0];
      agent.observe(obs, 0, false, false);
      const state = structuredClone(agent.saveState());
      const other = build(spec, env, recurrent, 99);
      other.loadState(state);
      for (const one of [agent, other]) {
        one.act(obs);
        one.observe(obs, 0, false, false);
        one.act(obs);
        one.observe(obs, 0, true, false);
      }
      expect(other.saveState()).toEqual(agent.saveState());
      expect(state).not.toEqual(agent.saveState());
    });

    it("acts the same after save and load", async () => {
      const env = abc();
      env.reset({ seed: 2 });
      const agent = build(spec, env, fast);
      practise(agent, env, 10);
      const directory = join(folder, spec.id);
      await agent.save(directory);
      const other = build(spec, env, fast, 7);
      await other.load(directory);
      const random = new Random(3);
      for (let i = 0; i < 50; i++) {
        const obs = Float32Array.from({ length: 4 }, () => random.normal());
        expect(other.evalMode(() => other.act(obs))).toEqual(agent.evalMode(() => agent.act(obs)));
      }
    });

    it("refuses files of another agent or network", async () => {
      const env = abc();
      const agent = build(spec, env, fast);
      await expect(agent.load(join(folder, "nowhere"))).rejects.toThrow(
        /^load: .*model\.safetensors must be a file that/,
      );
      const larger = build(spec, env, { ...fast, hiddenSizes: [17] });
      const directory = join(folder, `${spec.id}-larger`);
      await larger.save(directory);
      await expect(agent.load(directory)).rejects.toThrow(/must have shape \(4, 16\); got \(4, 17\)/);
    });

    for (const [what, states, more] of [
      ["one step", 2, {}],
      ["three-step returns", 3, { nStep: 3 }],
      ["prioritized", 3, { sampling: "prioritized" }],
      [
        "squared errors, summed, soft target",
        2,
        {
          clipDelta: false,
          batchAccumulator: "sum",
          targetUpdateMethod: "soft",
          targetUpdateInterval: 1,
          tau: 0.05,
        },
      ],
    ] as const) {
      // a variant of hyperparameters that the agent has not is that of another agent
      if (!Object.keys(more).every((name) => name in spec.hyperparameters)) continue;
      // noise on continuous actions spoils long returns
      const size = discrete ? states : 2;
      it(`learns ABC (${what})`, async () => {
        const env = abc(size);
        env.reset({ seed: 0 });
        const settings = {
          ...few,
          hiddenSizes: [32],
          learningRate: 3e-3,
          replayStartSize: 100,
          decaySteps: 500,
          gamma: 0.9,
        };
        const agent = build(spec, env, { ...settings, ...more });
        practise(agent, env, 2500);
        expect(greedyReturns(agent, abc(size), 5)).toEqual([1, 1, 1, 1, 1]);
        const directory = join(folder, `${spec.id}-abc`);
        await agent.save(directory);
        const other = build(spec, env, { ...settings, ...more }, 8);
        await other.load(directory);
        expect(greedyReturns(other, abc(size), 5)).toEqual([1, 1, 1, 1, 1]);
      });
    }
  });
}
