/** A thread that acts and learns: its own environment, agent and streams, and parameters that all actors share. */
import { parentPort, workerData } from "node:worker_threads";
import type { AsyncAgent } from "../../agents/index.ts";
import { sharedSteps } from "../../agents/sharedLearning.ts";
import { openDevice } from "../../device.ts";
import { initialLoopState } from "../loop.ts";
import { buildAgent, buildEnv } from "../participants.ts";
import { SingleStepper } from "../singleStepper.ts";
import type { Going } from "../stepper.ts";
import { now, sliceMilliseconds } from "../turn.ts";
import { ActorBoard, type ActorMessage, type ActorPart, type ActorSettings, own, shared } from "./actorProtocol.ts";

const settings = workerData as ActorSettings;
const { learning, seed, steps } = settings;
const board = new ActorBoard(settings.board, settings.statistics.length);
const mine = board.of(settings.actor);
/** Steps between looks at the board. */
const stretch = 32;

const stop = {
  /** All actors together have taken enough steps, or they are told to stop. */
  get requested(): boolean {
    return sharedSteps(learning) >= steps || Atomics.load(board.flags, shared.stop) !== 0;
  },
};

/** What this actor alone has done. */
const loop = initialLoopState();
let told = { step: 0, episodes: 0 };
function tellSteps(): void {
  mine[own.steps]! += loop.step - told.step;
  if (loop.episodes > told.episodes) {
    Atomics.add(board.flags, shared.episodes, loop.episodes - told.episodes);
    board.lastReturn[0] = loop.lastReturn!;
  }
  told = { step: loop.step, episodes: loop.episodes };
}

function tellStatistics(agent: AsyncAgent): void {
  const statistics = agent.statistics();
  settings.statistics.forEach((name, i) => {
    mine[own.statistics + i] = statistics[name]!;
  });
  mine[own.hasStatistics] = 1;
}

async function act(agent: AsyncAgent, stepper: SingleStepper, going: Going): Promise<void> {
  let toldAt = now();
  while (!stop.requested) {
    Atomics.wait(board.flags, shared.pause, 1);
    try {
      await stepper.train(loop.step + stretch, going);
    } finally {
      tellSteps();
    }
    if (now() - toldAt < sliceMilliseconds) continue;
    toldAt = now();
    tellStatistics(agent);
  }
  tellStatistics(agent);
}

const say = (message: ActorMessage): void => parentPort!.postMessage(message);

/** What is at work, should it fail. */
let going: Pick<Going, "part"> = { part: "loop" };

async function serve(): Promise<void> {
  if (settings.module !== null) await import(settings.module);
  await openDevice("cpu");
  going.part = "env";
  const env = buildEnv(settings);
  const stepper = new SingleStepper(env);
  try {
    going.part = "agent";
    const agent = buildAgent(settings.agent, env, settings.hyperparameters, seed) as AsyncAgent;
    agent.share(learning, false);
    const acting: Going = { agent, loop, seed, stop, part: "loop" };
    going = acting;
    await act(agent, stepper, acting);
  } finally {
    stepper.close();
  }
  say({ kind: "ended" });
}

function fail(error: unknown): void {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  say({ kind: "failed", part: going.part as ActorPart, name, message, stack });
}

await serve().catch(fail);
