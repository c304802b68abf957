/** Mistakes in an environment of one's own, each told in one sentence. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { DQN } from "../../src/agents/index.ts";
import { Box, Discrete, Env, type Info, type StepResult } from "../../src/envs/index.ts";
import { UsageError } from "../../src/errors.ts";
import { Random } from "../../src/random.ts";
import { type RunEvent, train } from "../../src/train/index.ts";

/** Ends after five steps; `change` spoils what step returns, `start` what reset returns. */
class Five extends Env<Float32Array, number> {
  override observationSpace = new Box(0, 1, { shape: [2] });
  override actionSpace = new Discrete(2);
  change = (result: StepResult<Float32Array>): unknown => result;
  start = (result: [Float32Array, Info]): unknown => result;
  actions = new Set<number>();
  #steps = 0;

  override reset(): [Float32Array, Info] {
    this.#steps = 0;
    return this.start([new Float32Array(2), {}]) as [Float32Array, Info];
  }
  override step(action: number): StepResult<Float32Array> {
    this.actions.add(action);
    const obs = Float32Array.of(this.#steps / 5, action / 4);
    return this.change([obs, 1, ++this.#steps === 5, false, {}]) as StepResult<Float32Array>;
  }
}

const config = {
  agent: "dqn",
  steps: 60,
  stopAt: null,
  out: null,
  finalEpisodes: 1,
  hyperparameters: { replayStartSize: 32 },
} as const;

async function failure(spoil: (env: Five) => void): Promise<Error> {
  const env = () => {
    const made = new Five();
    spoil(made);
    return made;
  };
  const error = await train({ ...config, env }).then(
    () => new Error("no failure"),
    (reason: Error) => reason,
  );
  expect(error).toBeInstanceOf(UsageError);
  return error;
}

test.each<[string, (env: Five) => void]>([
  [
    "Gym's four-tuple",
    (env) => {
      env.change = ([obs, reward, terminated, truncated]) => [obs, reward, terminated || truncated, {}];
    },
  ],
  [
    "a Promise",
    (env) => {
      env.change = (result) => Promise.resolve(result);
    },
  ],
  [
    "a reward that is no number",
    (env) => {
      env.change = ([obs, , ...rest]) => [obs, Number.NaN, ...rest];
    },
  ],
  [
    "an observation of another length",
    (env) => {
      env.change = ([, ...rest]) => [new Float32Array(3), ...rest];
    },
  ],
  [
    "an observation that is not finite",
    (env) => {
      env.change = ([, ...rest]) => [Float32Array.of(0, Number.NaN), ...rest];
    },
  ],
  [
    "an observation without info at reset",
    (env) => {
      env.start = ([obs]) => obs;
    },
  ],
  [
    "a nested observation at reset",
    (env) => {
      env.start = ([, info]) => [[[0, 0]], info];
    },
  ],
  [
    "a number as observation",
    (env) => {
      env.observationSpace = new Discrete(16) as never;
    },
  ],
  [
    "an exception",
    (env) => {
      env.change = () => {
        throw new TypeError("boom");
      };
    },
  ],
])("%s", async (_name, spoil) => {
  expect((await failure(spoil)).message).toMatchSnapshot();
});

test("a huge reward is the environment's to give", async () => {
  const env = () => {
    const made = new Five();
    made.change = ([obs, , ...rest]) => [obs, 1e6, ...rest];
    return made;
  };
  expect((await train({ ...config, env })).outcome).toBe("finished");
});

test("a class is as good as a function; an instance or the same one twice is not", async () => {
  expect((await train({ ...config, env: Five })).outcome).toBe("finished");
  const one = new Five();
  await expect(train({ ...config, env: one as never })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[UsageError: train: env must be an id, a class of environments, or a function that makes one each time; got an object. Pass () => new YourEnv().]`,
  );
  await expect(train({ ...config, env: () => one })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[UsageError: train: env must make a new environment each time, one to train in and one to evaluate in; got the same twice. Pass () => new YourEnv().]`,
  );
});

test("actions begin where the space does", async () => {
  const made: Five[] = [];
  const env = () => {
    const five = new Five();
    five.actionSpace = new Discrete(3, 2);
    made.push(five);
    return five;
  };
  await train({ ...config, env });
  expect([...made[0]!.actions].sort()).toEqual([2, 3, 4]);
  const agent = new DQN({ observationSpace: { shape: [1] }, actionSpace: { n: 2, start: -5 }, random: new Random(0) });
  expect([-5, -4]).toContain(agent.evalMode(() => agent.act([0.5])));
});

test("an environment that saves no state of its own is warned of, where something is written", async () => {
  const warnings = async (env: new () => Five, out: string | null) => {
    const run = train({ ...config, env, out });
    const found: RunEvent[] = [];
    run.on("warning", (event) => found.push(event));
    await run;
    return found.map((event) => (event as { message: string }).message);
  };
  const folder = mkdtempSync(`${tmpdir()}/kusari-contract-`);
  try {
    expect(await warnings(Five, `${folder}/a`)).toMatchInlineSnapshot(`
      [
        "train: an environment must save all it has to be resumed exactly; got environment with Env's own saveState, which knows its random stream alone. Override saveState and loadState.",
      ]
    `);
    expect(await warnings(Five, null)).toEqual([]);
    class Saving extends Five {
      override saveState = () => super.saveState();
    }
    expect(await warnings(Saving, `${folder}/b`)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
