/** Toy text against recorded episodes, whose draws are replayed. */
import { describe, expect, it, vi } from "vitest";
import { checkEnv, generateRandomMap, type MakeOptions, make, RecordedDraws, spec } from "../../src/envs/index.ts";
import { fixture } from "./fixture.ts";

interface Episode {
  readonly kwargs: MakeOptions;
  readonly first: unknown;
  /** The last step's flags; all others are 0. */
  readonly ends: [terminated: number, truncated: number];
  readonly actions: string;
  readonly obs: unknown[];
  readonly rewardValues: number[];
  readonly rewards: string;
  /** For reset and each step: one uniform number, or all choices. */
  readonly draws: (number | number[])[];
  readonly probs?: number[];
  readonly prob?: string;
  /** For reset and each step: six bits, action 0's the highest. */
  readonly masks?: number[];
  readonly final?: [player: number[], dealer: number[]];
}
const recorded = fixture("toyText.json.gz") as Record<string, Episode[]>;

const drawsOf = (episode: Episode) =>
  new RecordedDraws(
    episode.draws.flatMap((draw): [string, number][] =>
      Array.isArray(draw) ? draw.map((choice) => ["choice", choice]) : [["random", draw]],
    ),
  );

const bitsOf = (mask: ArrayLike<number>) => Array.from(mask).reduce((bits, bit) => 2 * bits + bit, 0);

describe.each(Object.keys(recorded))("%s", (id) => {
  it.each(recorded[id]!.map((episode, i) => [i, episode] as const))("equals the recorded episode %i", (_i, episode) => {
    const env = make(id, episode.kwargs);
    const draws = drawsOf(episode);
    env.unwrapped.random = draws;
    const [first, firstInfo] = env.reset();
    expect(first).toEqual(episode.first);
    if (episode.masks) expect(bitsOf(firstInfo.actionMask as Int8Array)).toBe(episode.masks[0]);
    [...episode.actions].forEach((action, t) => {
      const [obs, reward, terminated, truncated, info] = env.step(Number(action));
      const isLast = t === episode.actions.length - 1;
      expect(obs).toEqual(episode.obs[t]);
      expect(reward).toBe(episode.rewardValues[Number(episode.rewards[t])]);
      expect([Number(terminated), Number(truncated)]).toEqual(isLast ? episode.ends : [0, 0]);
      if (episode.prob) expect(info.prob).toBe(episode.probs![Number(episode.prob[t])]);
      if (episode.masks) expect(bitsOf(info.actionMask as Int8Array)).toBe(episode.masks[t + 1]);
    });
    expect(draws.remaining).toBe(0);
    if (episode.final) {
      const { player, dealer } = env.unwrapped.saveState() as { player: number[]; dealer: number[] };
      expect([player, dealer]).toEqual(episode.final);
    }
  });

  it("resets and samples by seed as Gymnasium does", () => {
    const resets = (fixture("seeding.json") as { env_resets: Record<string, unknown> }).env_resets[id] as {
      seed: number;
      obs_first_reset: unknown;
      obs_second_reset_no_seed: unknown;
      action_space_samples: number[];
      observation_space_sample: unknown;
    }[];
    expect(resets).toHaveLength(9);
    for (const reset of resets) {
      const env = make(id);
      expect(env.reset({ seed: reset.seed })[0]).toEqual(reset.obs_first_reset);
      expect(env.reset()[0]).toEqual(reset.obs_second_reset_no_seed);
      env.actionSpace.seed(reset.seed);
      expect(reset.action_space_samples.map(() => env.actionSpace.sample())).toEqual(reset.action_space_samples);
      env.observationSpace.seed(reset.seed);
      expect(env.observationSpace.sample()).toEqual(reset.observation_space_sample);
    }
  });
});

describe("makers", () => {
  it("have Gymnasium's limits, thresholds and defaults", () => {
    const facts = ["FrozenLake", "FrozenLake8x8", "CliffWalking", "CliffWalkingSlippery", "Taxi", "Blackjack"].map(
      (name) => {
        const { id, maxEpisodeSteps, rewardThreshold, kwargs } = spec(name);
        return [id, maxEpisodeSteps, rewardThreshold, JSON.stringify(kwargs)];
      },
    );
    expect(facts).toMatchInlineSnapshot(`
      [
        [
          "FrozenLake-v1",
          100,
          0.7,
          "{"desc":null,"isSlippery":true,"successRate":0.3333333333333333,"rewardSchedule":[1,0,0],"mapName":"4x4"}",
        ],
        [
          "FrozenLake8x8-v1",
          200,
          0.85,
          "{"desc":null,"isSlippery":true,"successRate":0.3333333333333333,"rewardSchedule":[1,0,0],"mapName":"8x8"}",
        ],
        [
          "CliffWalking-v1",
          null,
          null,
          "{"isSlippery":false}",
        ],
        [
          "CliffWalkingSlippery-v1",
          null,
          null,
          "{"isSlippery":true}",
        ],
        [
          "Taxi-v4",
          200,
          8,
          "{"isRainy":false,"rainyProbability":0.8,"ficklePassenger":false,"fickleProbability":0.3}",
        ],
        [
          "Blackjack-v1",
          null,
          null,
          "{"natural":false,"sab":true}",
        ],
      ]
    `);
  });

  it("older versions come with a warning", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const [taxi, cliff] = [make("Taxi-v3"), make("CliffWalking-v0")];
    expect(warn.mock.calls.flat()).toMatchInlineSnapshot(`
      [
        "make: Taxi-v3 is not the newest version; Taxi-v4 is.",
        "make: CliffWalking-v0 is not the newest version; CliffWalking-v1 is.",
      ]
    `);
    warn.mockRestore();
    expect(taxi.reset({ seed: 5 })).toEqual(make("Taxi-v4").reset({ seed: 5 }));
    expect(cliff.reset({ seed: 5 })[0]).toBe(36);
  });

  it.each([
    ["Taxi-v4", { isRainy: true, ficklePassenger: true }],
    ["FrozenLake-v1", { desc: ["HSF", "FFG"], successRate: 0.5, rewardSchedule: [2, -1, -0.1] }],
    ["CliffWalking-v1", { isSlippery: true }],
  ])("%s with %o keeps to the interface", (id, kwargs) => {
    expect(checkEnv(make(id, { ...kwargs, maxEpisodeSteps: 100 }))).toEqual([]);
  });

  it("a fickle passenger thinks of another place once, while being driven", () => {
    const env = make("Taxi", { ficklePassenger: true });
    // first draw: state 1 of 300 (taxi at R, passenger at R, to G... the first start); second: fickle
    env.unwrapped.random = new RecordedDraws([
      ["random", 0],
      ["random", 0.29],
      ["random", 0.5],
      ["random", 0.5],
      ["choice", 2],
      ["random", 0.5],
    ]);
    const first = env.reset()[0];
    expect([first % 4, Math.floor(first / 4) % 5, Math.floor(first / 20)]).toEqual([1, 0, 0]);
    expect(env.step(4)[0]).toBe(17); // picked up: in the taxi (4), still to G (1)
    expect(env.step(0)[0]).toBe(20 * 5 + 16 + 3); // south: of R, Y and B the third
    expect(env.step(0)[0]).toBe(20 * 10 + 16 + 3);
  });

  it("random maps have a path, and are the same for a seed", () => {
    for (let seed = 0; seed < 20; seed++) {
      const map = generateRandomMap({ size: 5, p: 0.6, seed });
      expect(map).toEqual(generateRandomMap({ size: 5, p: 0.6, seed }));
      expect(map.join("")).toMatch(/^S[FH]{23}G$/);
      const env = make("FrozenLake", { desc: map, isSlippery: false });
      const reached = new Set([0]);
      for (const state of reached) {
        for (let action = 0; action < 4; action++) {
          env.reset();
          env.unwrapped.loadState({ ...(env.unwrapped.saveState() as object), state });
          const [next, , terminated] = env.step(action);
          if (!terminated || next === 24) reached.add(next);
        }
        if (reached.has(24)) break;
      }
      expect(reached).toContain(24);
    }
    expect(generateRandomMap({ p: 1, size: 3, seed: 0 })).toEqual(["SFF", "FFF", "FFG"]);
    // drawn by NumPy 2.4.6
    expect(generateRandomMap({ size: 4, seed: 0 })).toEqual(["SFFF", "HHFF", "FHHF", "HFFG"]);
    const six = ["SHHFHF", "FFFFHH", "FHFHFH", "FHHFFH", "FFFFFH", "HHHHFG"];
    expect(generateRandomMap({ size: 6, p: 0.55, seed: 11 })).toEqual(six);
  });

  it("say what must hold", () => {
    const texts: string[] = [];
    const note = (run: () => unknown) => {
      try {
        run();
        texts.push("nothing was thrown");
      } catch (error) {
        texts.push(String(error));
      }
    };
    for (const id of ["FrozenLake-v1", "CliffWalking-v1", "Taxi-v4", "Blackjack-v1"]) {
      const env = make(id, { maxEpisodeSteps: 1 });
      note(() => env.step(0));
      env.reset({ seed: 0 });
      note(() => env.step(7));
      note(() => env.step(0.5));
      env.step(0);
      note(() => env.step(0));
      note(() => env.reset({ options: { state: 3 } }));
      note(() => make(id, { slippery: true }));
      note(() => make(id.replace(/v\d/, "v9")));
    }
    note(() => make("FrozenLake", { mapName: "5x5" }));
    note(() => make("FrozenLake", { desc: ["SF", "F"] }));
    note(() => make("FrozenLake", { desc: ["FF", "FG"] }));
    note(() => make("FrozenLake", { desc: "SFFG" }));
    note(() => make("FrozenLake", { successRate: 1.5 }));
    note(() => make("FrozenLake", { rewardSchedule: [1, 0] }));
    note(() => make("FrozenLake", { isSlippery: "yes" }));
    note(() => make("Taxi", { rainyProbability: -0.1 }));
    note(() => make("Taxy"));
    note(() => generateRandomMap({ size: 1 }));
    note(() => generateRandomMap({ p: 0 }));
    expect(texts).toMatchInlineSnapshot(`
      [
        "UsageError: FrozenLake.step: an episode must be running; got a step before the first reset. Call reset() first.",
        "UsageError: FrozenLake.step: the action must be a whole number from 0 to 3; got 7. See env.actionSpace.",
        "UsageError: FrozenLake.step: the action must be a whole number from 0 to 3; got 0.5. See env.actionSpace.",
        "UsageError: FrozenLake.step: the episode ended at step 1 (truncated). Call reset() first.",
        "UsageError: FrozenLake.reset: there are no options; got state. Leave it out.",
        "UsageError: make: FrozenLake-v1 takes desc, isSlippery, successRate, rewardSchedule, mapName, maxEpisodeSteps, reuseObs, renderMode, wrappers; got slippery. Did you mean isSlippery?",
        "UsageError: make: FrozenLake must be one of FrozenLake-v1; got FrozenLake-v9. Leave the version out for the newest.",
        "UsageError: CliffWalking.step: an episode must be running; got a step before the first reset. Call reset() first.",
        "UsageError: CliffWalking.step: the action must be a whole number from 0 to 3; got 7. See env.actionSpace.",
        "UsageError: CliffWalking.step: the action must be a whole number from 0 to 3; got 0.5. See env.actionSpace.",
        "UsageError: CliffWalking.step: the episode ended at step 1 (truncated). Call reset() first.",
        "UsageError: CliffWalking.reset: there are no options; got state. Leave it out.",
        "UsageError: make: CliffWalking-v1 takes isSlippery, maxEpisodeSteps, reuseObs, renderMode, wrappers; got slippery. Did you mean isSlippery?",
        "UsageError: make: CliffWalking must be one of CliffWalking-v1, CliffWalking-v0; got CliffWalking-v9. Leave the version out for the newest.",
        "UsageError: Taxi.step: an episode must be running; got a step before the first reset. Call reset() first.",
        "UsageError: Taxi.step: the action must be a whole number from 0 to 5; got 7. See env.actionSpace.",
        "UsageError: Taxi.step: the action must be a whole number from 0 to 5; got 0.5. See env.actionSpace.",
        "UsageError: Taxi.step: the episode ended at step 1 (truncated). Call reset() first.",
        "UsageError: Taxi.reset: there are no options; got state. Leave it out.",
        "UsageError: make: Taxi-v4 takes isRainy, rainyProbability, ficklePassenger, fickleProbability, maxEpisodeSteps, reuseObs, renderMode, wrappers; got slippery. Check its spelling.",
        "UsageError: make: Taxi must be one of Taxi-v4, Taxi-v3; got Taxi-v9. Leave the version out for the newest.",
        "UsageError: Blackjack.step: an episode must be running; got a step before the first reset. Call reset() first.",
        "UsageError: Blackjack.step: the action must be 0 (stick) or 1 (hit); got 7.",
        "UsageError: Blackjack.step: the action must be 0 (stick) or 1 (hit); got 0.5.",
        "UsageError: Blackjack.step: the episode ended at step 1 (terminated). Call reset() first.",
        "UsageError: Blackjack.reset: there are no options; got state. Leave it out.",
        "UsageError: make: Blackjack-v1 takes natural, sab, maxEpisodeSteps, reuseObs, renderMode, wrappers; got slippery. Check its spelling.",
        "UsageError: make: Blackjack must be one of Blackjack-v1; got Blackjack-v9. Leave the version out for the newest.",
        "UsageError: FrozenLake: mapName must be 4x4 or 8x8; got 5x5. Give a map of your own as desc.",
        "UsageError: FrozenLake: desc must be rows of equal length of the letters S, F, H and G, with an S; got ["SF","F"].",
        "UsageError: FrozenLake: desc must be rows of equal length of the letters S, F, H and G, with an S; got ["FF","FG"].",
        "UsageError: make: desc of FrozenLake-v1 must be a object; got "SFFG".",
        "UsageError: FrozenLake: successRate must be from 0 to 1; got 1.5. Change it.",
        "UsageError: FrozenLake: rewardSchedule must be 3 numbers, for goal, hole and ice; got [1,0].",
        "UsageError: make: isSlippery of FrozenLake-v1 must be a boolean; got "yes".",
        "UsageError: Taxi: rainyProbability must be from 0 to 1; got -0.1. Change it.",
        "UsageError: make: an environment's id must be a registered one; got Taxy. Did you mean Taxi-v4?",
        "UsageError: generateRandomMap: size must be a whole number of at least 2 and p above 0; got size 1 and p 0.8.",
        "UsageError: generateRandomMap: size must be a whole number of at least 2 and p above 0; got size 8 and p 0.",
      ]
    `);
  });
});
