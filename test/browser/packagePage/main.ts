/** All of the package in a page, for the test to call. */
import * as kusari from "kusari";
import { sum, variable } from "kusari/autograd";

const { DoubleDQN, make, openDevice, train } = kusari;

/** What the test looks at. */
export interface PageReport {
  readonly names: string[];
  readonly events: string[];
  readonly outcome: string;
  /** Files of the trained agent and their sizes. */
  readonly files: [string, number][];
  /** Whether an agent with those files does what the trained one does. */
  readonly sameActions: boolean;
  /** What is said about directories. */
  readonly refusals: string[];
  /** Of an operation before any device was opened. */
  readonly six: number;
}

declare global {
  var usePackage: (device: "cpu" | "gpu") => Promise<PageReport>;
}

const reason = (promise: PromiseLike<unknown>): Promise<string> =>
  Promise.resolve(promise).then(
    () => "nothing",
    (error: Error) => `${error.name}: ${error.message}`,
  );

globalThis.usePackage = async (device) => {
  const six = kusari.autograd.scope(() => sum(variable([1, 2, 3])).item());
  await openDevice(device);
  let agent: InstanceType<typeof DoubleDQN> | null = null;
  const settings = { replayStartSize: 50, hiddenSizes: [16], updateInterval: 8 };
  const run = train({
    agent: (parts) => (agent = new DoubleDQN({ ...parts, ...settings })),
    env: "CartPole-v1",
    seed: 1,
    steps: 300,
    evalInterval: 150,
    evalEpisodes: 2,
    finalEpisodes: 2,
    reportInterval: 100,
    stopAt: null,
  });
  const events: string[] = [];
  for await (const { event } of run) events.push(event);
  const trained = agent!;
  const files = new Map<string, Uint8Array>();
  await trained.save(files);
  const { observationSpace, actionSpace } = make("CartPole-v1");
  const other = new DoubleDQN({ observationSpace, actionSpace, ...settings });
  await other.load(files);
  const observations = Array.from({ length: 50 }, (_, i) => [0, 1, 2, 3].map((k) => Math.sin(i * (k + 1))));
  const actions = (who: typeof trained) => who.evalMode(() => observations.map((obs) => who.act(obs)));
  const refusals = await Promise.all([
    reason(train({ agent: "dqn", env: "CartPole-v1", out: "runs/a" })),
    reason(trained.save("a")),
    reason(trained.load("a")),
    reason(other.load(new Map([["model.safetensors", files.get("model.safetensors")!]]))),
  ]);
  return {
    names: Object.keys(kusari).sort(),
    events,
    outcome: (await run).outcome,
    files: [...files].map(([name, bytes]) => [name, bytes.length]),
    sameActions: `${actions(trained)}` === `${actions(other)}`,
    refusals,
    six,
  };
};
