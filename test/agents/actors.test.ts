/** Every registered agent of actorSettings.ts: updates, save and load, exact resume, and the ABC toy problem. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Agent, type AgentSpec, listAgents } from "../../src/agents/index.ts";
import { type Env, make } from "../../src/envs/index.ts";
import { Random } from "../../src/random.ts";
import { actorSettings } from "./actorSettings.ts";

const folder = mkdtempSync(join(tmpdir(), "kusari-actors-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type AbcEnv = Env<Float32Array, number | Float32Array>;

function build(spec: AgentSpec, env: Env, hyperparameters: Record<string, unknown>, seed = 1): Agent {
  const { observationSpace, actionSpace } = env as never;
  return spec.create({ observationSpace, actionSpace, random: new Random(seed), hyperparameters });
}

/** Plays on in training from `obs` until `enough`; returns the observation it stands at. */
function practise(agent: Agent, env: AbcEnv, enough: () => boolean, from?: Float32Array): Float32Array {
  let obs = from ?? env.reset()[0];
  while (!enough()) {
    const [next, reward, terminated, truncated] = env.step(agent.act(obs));
    agent.observe(next, reward, terminated, truncated);
    obs = terminated || truncated ? env.reset()[0] : next;
  }
  return obs;
}

function greedyReturns(agent: Agent, env: AbcEnv, episodes: number): number[] {
  return agent.evalMode(() =>
    Array.from({ length: episodes }, () => {
      agent.stopEpisode(); // what is remembered of another episode
      let [obs] = env.reset();
      let total = 0;
      for (;;) {
        const [next, reward, terminated, truncated] = env.step(agent.act(obs));
        total += reward;
        if (terminated || truncated) return total;
        obs = next;
      }
    }),
  );
}

/** Where it is not deterministic, continuous actions are only the logits of what is done. */
const abc = (
  discrete: boolean,
  { size = 2, deterministic = true, ...options }: Readonly<Record<string, unknown>> = {},
) => make("ABC-v0", { size, discrete, deterministic, maxEpisodeSteps: 20, ...options }) as AbcEnv;

for (const spec of listAgents().filter(({ id }) => id in actorSettings)) {
  const { fast: feedForward, fastRecurrent, learns, firstWeights } = actorSettings[spec.id]!;
  const networks = ["none", ...(spec.recurrent ? ["lstm"] : [])];
  const cases = spec.actionSpaces.flatMap((kind) => networks.map((recurrent) => ({ kind, recurrent })));
  describe(spec.name, () => {
    const fast = feedForward;
    describe.each(cases)("with actions of a $kind space, memory $recurrent", ({ kind, recurrent }) => {
      const fast = recurrent === "none" ? feedForward : { ...feedForward, ...fastRecurrent, recurrent };
      const env = (seed: number) => {
        // episodes to remember are those with more steps than one
        const made = abc(
          kind === "Discrete",
          recurrent === "none" ? {} : { partiallyObservable: true, episodic: false },
        );
        made.reset({ seed });
        return made;
      };

      it("updates with finite statistics", () => {
        const agent = build(spec, env(0), fast);
        const before = agent.statistics();
        practise(agent, env(0), () => agent.updates >= 10);
        expect(Object.values(agent.statistics()).every(Number.isFinite)).toBe(true);
        expect(Object.keys(agent.statistics())).toEqual(Object.keys(before));
        expect(agent.statistics().averageLoss).not.toBe(0);
      });

      it("learns the same from the same seed", () => {
        const learn = () => {
          const agent = build(spec, env(5), fast);
          practise(agent, env(5), () => agent.updates >= 20);
          return agent.saveState();
        };
        expect(learn()).toEqual(learn());
      });

      it("goes on from a saved state as if never stopped, in the middle of a rollout too", () => {
        for (const more of [0, 1, 2, 3]) {
          const own = env(5);
          const agent = build(spec, own, fast);
          practise(agent, own, () => agent.updates >= 10);
          const until = agent.steps + more;
          const obs = practise(agent, own, () => agent.steps >= until);
          const [state, envState] = structuredClone([agent.saveState(), own.saveState()]);
          const stop = agent.updates + 10;
          practise(agent, own, () => agent.updates >= stop, obs);

          const otherEnv = env(1);
          const other = build(spec, otherEnv, fast, 99);
          other.loadState(state!);
          otherEnv.loadState(envState!);
          practise(other, otherEnv, () => other.updates >= stop, obs);
          expect(other.saveState()).toEqual(agent.saveState());
        }
      });

      it("acts the same after save and load, and is not moved by acting in evaluation", async () => {
        const agent = build(spec, env(2), fast);
        practise(agent, env(2), () => agent.updates >= 10);
        const directory = join(folder, `${spec.id}-${kind}-${recurrent}`);
        await agent.save(directory);
        const other = build(spec, env(2), fast, 7);
        await other.load(directory);
        const random = new Random(3);
        const before = structuredClone(agent.saveState());
        for (let i = 0; i < 50; i++) {
          const obs = Float32Array.from({ length: 4 }, () => random.normal());
          expect(other.evalMode(() => other.act(obs))).toEqual(agent.evalMode(() => agent.act(obs)));
        }
        const after = agent.saveState();
        expect(after).toEqual(before);
      });

      it("acts within the action space", () => {
        const own = env(2);
        const agent = build(spec, own, fast);
        const random = new Random(3);
        for (let i = 0; i < 50; i++) {
          const action = agent.act(Float32Array.from({ length: 4 }, () => 10 * random.normal()));
          expect(own.actionSpace.contains(action)).toBe(true);
        }
      });
    });

    it("forgets an episode that is stopped", () => {
      const env = abc(spec.actionSpaces[0] === "Discrete");
      const agent = build(spec, env, fast);
      const [obs] = env.reset({ seed: 0 });
      agent.act(obs);
      agent.stopEpisode();
      expect(() => agent.observe(obs, 0, false, false)).toThrow(/an action must come before its outcome/);
      practise(agent, env, () => agent.updates >= 3);
    });

    it("refuses files of another network", async () => {
      const env = abc(spec.actionSpaces[0] === "Discrete");
      const agent = build(spec, env, fast);
      await expect(agent.load(join(folder, "nowhere"))).rejects.toThrow(/^load: .*\.safetensors must be a file that/);
      const larger = build(spec, env, { ...fast, hiddenSizes: [17] });
      const directory = join(folder, `${spec.id}-larger`);
      await larger.save(directory);
      await expect(agent.load(directory)).rejects.toThrow(`${firstWeights} must have shape (4, 16); got (4, 17)`);
    });

    it.each(learns)("learns ABC ($actions, $what)", async ({ actions, steps, hyperparameters, ...options }) => {
      const { size = 2, partiallyObservable = false } = options;
      const own = () => abc(actions === "discrete", { size, partiallyObservable });
      const env = abc(actions === "discrete", { size, partiallyObservable, deterministic: false });
      env.reset({ seed: 0 });
      const agent = build(spec, env, hyperparameters);
      practise(agent, env, () => agent.steps >= steps);
      expect(greedyReturns(agent, own(), 5)).toEqual([1, 1, 1, 1, 1]);
      const directory = join(folder, `${spec.id}-abc`);
      await agent.save(directory);
      const other = build(spec, env, hyperparameters, 8);
      await other.load(directory);
      expect(greedyReturns(other, own(), 5)).toEqual([1, 1, 1, 1, 1]);
    });
  });
}
