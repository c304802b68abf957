/**
 * Trains beside the page's own thread: `train` as in Node, its events sent to the page as they come, and between two
 * slices of training the greedy policy plays an episode of its own to be looked at.
 */
import { DoubleDQN, make, openDevice, presetFor, type Run, train } from "kusari";
import type { FromWorker, Settings, ToWorker } from "./messages.ts";

/** Seconds between two states of CartPole. */
const tau = 0.02;

const tell = (message: FromWorker): void => postMessage(message);
const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Double DQN that takes so many steps a second at most: the loop awaits `turn` where `wantsTurn`. */
class PacedDoubleDQN extends DoubleDQN {
  pace: number | null = null;
  #begun = 0;

  override get wantsTurn(): boolean {
    return super.wantsTurn || (this.pace !== null && this.steps % 16 === 0);
  }

  override async turn(): Promise<void> {
    await super.turn();
    if (this.pace === null) return;
    this.#begun ||= performance.now();
    await sleep(Math.max(0, this.#begun + (1000 * this.steps) / this.pace - performance.now()));
  }
}

/** Plays greedy episodes in real time, for ever. */
function show(agent: DoubleDQN, seed: number): void {
  const env = make("CartPole-v1");
  let [obs] = env.reset({ seed }) as [ArrayLike<number>, unknown];
  let steps = 0;
  setInterval(() => {
    const action = agent.evalMode(() => agent.act(obs));
    const [next, , terminated, truncated] = env.step(action);
    steps++;
    tell({ type: "scene", scene: { state: Array.from(next as ArrayLike<number>), action, steps } });
    const isOver = terminated || truncated;
    if (isOver) steps = 0;
    obs = (isOver ? env.reset()[0] : next) as ArrayLike<number>;
  }, 1000 * tau);
}

let agent: PacedDoubleDQN | null = null;
let run: Run | null = null;

async function start({ device, units, seed, pace }: Settings): Promise<void> {
  const { variant } = await openDevice(device);
  tell({ type: "opened", variant });
  const { settings, hyperparameters } = presetFor("doubledqn", "CartPole-v1")!;
  const sizes = { hiddenSizes: [units, units], learningRate: units > 64 ? 1e-3 : 4e-3 };
  run = train({
    ...settings,
    agent: (parts) => {
      agent = new PacedDoubleDQN({ ...parts, ...hyperparameters, ...sizes });
      agent.pace = pace;
      show(agent, seed);
      return agent;
    },
    env: "CartPole-v1",
    seed,
    steps: 60_000,
    reportInterval: 250,
  });
  for await (const event of run) tell({ type: "event", event });
}

async function sendWeights(): Promise<void> {
  const files = new Map<string, Uint8Array>();
  await agent!.save(files);
  tell({ type: "weights", bytes: new Uint8Array(files.get("model.safetensors")!) });
}

addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  const work = data.type === "start" ? start(data.settings) : data.type === "stop" ? run?.stop() : sendWeights();
  Promise.resolve(work).catch((error) => tell({ type: "failed", message: String(error?.message ?? error) }));
});
