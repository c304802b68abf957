/**
 * A thread that acts: its own environment, agent and streams. It learns in parameters that all actors share, or hands what it
 * does to the thread that learns.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { AsyncAgent, LearnerAgent } from "../../agents/index.ts";
import { stepsIn } from "../../agents/sharedLearning.ts";
import { adoptKernelModules, openDevice } from "../../device.ts";
import { ActorReplay } from "../../replay/index.ts";
import { showLive } from "../livePicture.ts";
import { liveSource } from "../liveScene.ts";
import { initialLoopState } from "../loopState.ts";
import { buildAgent, buildEnv } from "../participants.ts";
import { SingleStepper } from "../singleStepper.ts";
import type { Going } from "../stepper.ts";
import type { TrainingEnv } from "../trainingEnv.ts";
import { now, sliceMilliseconds } from "../turn.ts";
import {
  ActorBoard,
  type ActorMessage,
  type ActorPart,
  type ActorSettings,
  type ActorWork,
  own,
  shared,
} from "./actorProtocol.ts";
import { LearnerMemory } from "./learnerMemory.ts";

const settings = workerData as ActorSettings;
const { seed } = settings;
const board = new ActorBoard(settings.board, settings.statistics.length);
const mine = board.of(settings.actor);
/** Steps between looks at the board: at first, and at most. */
const [firstStretch, lastStretch] = [32, 1 << 16];

const isStopping = (): boolean => Atomics.load(board.flags, shared.stop) !== 0;

/** What an actor is, however it learns. */
interface Actor {
  readonly agent: Going["agent"];
  readonly stop: Going["stop"];
  statistics(): Record<string, number>;
}

/** Learns, in parameters that all share. */
function sharing(env: TrainingEnv, { learning, steps }: ActorWork & { kind: "shared" }): Actor {
  const agent = buildAgent(settings.agent, env, settings.hyperparameters, seed) as AsyncAgent;
  agent.share(learning, false);
  const stepsTaken = stepsIn(learning);
  const stop = {
    /** All actors together have taken enough steps, or they are told to stop. */
    get requested(): boolean {
      return stepsTaken() >= steps || isStopping();
    },
  };
  return { agent, stop, statistics: () => agent.statistics() };
}

/** Acts with what is published, and hands its steps over. */
function handing(env: TrainingEnv, { learning, format, actors }: ActorWork & { kind: "learner" }): Actor {
  const memory = new LearnerMemory(learning, format, actors);
  const takeOver = (): void => {
    memory.published.takeOver();
    mine[own.updates] = memory.published.note;
  };
  const replay = new ActorReplay({
    ring: memory.rings[settings.actor]!,
    learnerSize: () => memory.learnerSize,
    isStopping,
    onWritten: () => memory.tellLearner(),
    countStep: () => {
      takeOver();
      return memory.countStep();
    },
  });
  // frames on a GPU are the learner's
  const hyperparameters = { ...settings.hyperparameters };
  if ("replayDevice" in hyperparameters) hyperparameters.replayDevice = "cpu";
  const agent = buildAgent(settings.agent, env, hyperparameters, seed, { replay }) as LearnerAgent;
  memory.publishFrom(agent.actingNetwork);
  takeOver();
  agent.steps = memory.steps;
  const stop = {
    get requested(): boolean {
      return isStopping();
    },
  };
  return { agent, stop, statistics: () => agent.explorer.statistics() };
}

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

function tellStatistics(actor: Actor): void {
  const statistics = actor.statistics();
  settings.statistics.forEach((name, i) => {
    mine[own.statistics + i] = statistics[name]!;
  });
  mine[own.hasStatistics] = 1;
}

async function act(actor: Actor, stepper: SingleStepper, going: Going): Promise<void> {
  let toldAt = now();
  let stretch = firstStretch;
  while (!actor.stop.requested) {
    Atomics.wait(board.flags, shared.pause, 1);
    const begun = now();
    try {
      await stepper.train(loop.step + stretch, going);
    } finally {
      tellSteps();
    }
    // about one slice: a pause must not wait for longer, and each look costs a turn
    const took = now() - begun;
    if (took > sliceMilliseconds) stretch = Math.max(1, stretch >> 1);
    else if (took < sliceMilliseconds / 2) stretch = Math.min(lastStretch, 2 * stretch);
    if (now() - toldAt < sliceMilliseconds) continue;
    toldAt = now();
    tellStatistics(actor);
  }
  tellStatistics(actor);
}

/** The first actor shows itself to whoever looks. @returns what ends it */
function show(agent: Going["agent"], stepper: SingleStepper, env: TrainingEnv): (() => void) | null {
  const { actor, runDirectory, actors } = settings;
  if (actor !== 0 || runDirectory === null) return null;
  const at = () => ({ step: agent.steps, mine: loop.step, during: "training" }) as const;
  return showLive(runDirectory, liveSource({ agent, stepper, env, actors, now: at }));
}

const say = (message: ActorMessage): void => parentPort!.postMessage(message);

/** What is at work, should it fail. */
let going: Pick<Going, "part"> = { part: "loop" };

async function serve(): Promise<void> {
  if (settings.module !== null) await import(settings.module);
  adoptKernelModules(settings.kernels);
  await openDevice("cpu");
  going.part = "env";
  const env = buildEnv(settings);
  const stepper = new SingleStepper(env);
  let endLive: (() => void) | null = null;
  try {
    going.part = "agent";
    const { work } = settings;
    const actor = work.kind === "shared" ? sharing(env, work) : handing(env, work);
    const acting: Going = { agent: actor.agent, loop, seed, stop: actor.stop, part: "loop" };
    going = acting;
    endLive = show(actor.agent, stepper, env);
    await act(actor, stepper, acting);
  } finally {
    endLive?.();
    stepper.close();
  }
  say({ kind: "ended" });
}

function fail(error: unknown): void {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const part = going.part as ActorPart;
  // what learns is not here then: it is as good as before
  const isOwn = settings.work.kind === "learner" && part === "agent";
  say({ kind: "failed", part: isOwn ? "loop" : part, name, message, stack });
}

await serve().catch(fail);
