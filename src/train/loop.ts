/**
 * The training loop: steps, which a stepper takes; report, evaluate, checkpoint; keep the best. It knows no files (those
 * are the store's), so that it runs wherever the agent runs.
 */
import type { Agent } from "../agents/agent.ts";
import { DeviceError, UsageError } from "../errors.ts";
import { Random } from "../random.ts";
import type { State } from "../state.ts";
import { ActorFailure, type Actors } from "./actors.ts";
import { EpisodeRecorder, type RecordedEpisode } from "./episode.ts";
import { playEpisodes, summarize } from "./evaluate.ts";
import type { EvaluationSummary, ResultEvent } from "./events.ts";
import { type FailedPart, runFailure } from "./failure.ts";
import { type LiveSource, liveSource } from "./liveScene.ts";
import type { LoopState } from "./loopState.ts";
import type { EvaluationLine, ProgressLine, ResultLine, TimingLine } from "./metrics.ts";
import type { RunHandle, StopRequest } from "./run.ts";
import type { TrainSettings } from "./settings.ts";
import type { Going, Stepper } from "./stepper.ts";
import type { TrainingEnv } from "./trainingEnv.ts";
import { now } from "./turn.ts";

/** What is written beside weights: where they come from and what they scored. */
export interface Score {
  /** The step the weights were taken at. */
  readonly step: number;
  readonly evaluation: EvaluationSummary;
}

/** Keeps what a run produces. Every method is done with its data when it returns (or its promise resolves). */
export interface RunStore {
  readonly directory: string;
  /** Whether there is a checkpoint to go on from. */
  readonly resumable: boolean;
  progress(line: ProgressLine, timing: TimingLine): void;
  evaluation(line: EvaluationLine, statistics: Record<string, number>, seconds: number): void;
  result(line: ResultLine): void;
  /** The first episode of an evaluation, for people to look at. */
  episode(episode: RecordedEpisode): void;
  saveBest(agent: Agent, score: Score): Promise<void>;
  loadBest(agent: Agent): Promise<void>;
  saveFinish(agent: Agent, score: Score): Promise<void>;
  /** Writes everything a resume needs, and returns the file's path. */
  checkpoint(step: number, state: State): string;
  /** Writes the state in which a run broke off, for looking into; no resume takes it up by itself. */
  failure(step: number, state: State): string;
  /** Shows the run to whoever looks, while somebody does. @returns what ends it */
  live(source: LiveSource): () => void;
}

export interface LoopSetup {
  readonly agent: Agent;
  /** Ids or names, for events and messages. */
  readonly agentName: string;
  readonly envName: string;
  readonly stepper: Stepper;
  /** The environment of evaluations. */
  readonly evalEnv: TrainingEnv;
  readonly settings: TrainSettings;
  readonly store: RunStore | null;
  /** Threads that take the steps in environments of their own, where there are several actors. */
  readonly actors?: Actors | null;
}

/** What a checkpoint holds. */
export function captureState({ agent, stepper, evalEnv }: LoopSetup, loop: LoopState): State {
  return {
    loop: { ...loop } as unknown as State,
    agent: agent.saveState(),
    stepper: stepper.saveState(),
    evalEnv: evalEnv.saveState(),
  };
}

/**
 * Puts a captured state back.
 * @returns what the loop goes on with, and why the episode under way could not be taken up where that is so
 */
export function restoreState(
  { agent, stepper, evalEnv }: LoopSetup,
  state: State,
): { loop: LoopState; lost: string | null } {
  const saved = state as Record<string, State>;
  agent.loadState(saved.agent!);
  stepper.loadState(saved.stepper!);
  evalEnv.loadState(saved.evalEnv!);
  const lost = stepper.lostEpisode;
  if (lost !== null) {
    agent.stopEpisode();
    stepper.dropEpisodes();
  }
  return { loop: { ...(saved.loop as unknown as LoopState) }, lost };
}

/** The first multiple of `interval` after `step`. */
const nextMultiple = (step: number, interval: number): number => (Math.floor(step / interval) + 1) * interval;

/**
 * Trains until the agent is good enough, all steps are taken or a stop is asked for.
 *
 * The thread is held for a few milliseconds at a time; when exactly has no influence on the numbers, nor has the
 * timing of checkpoints, stops and resumes.
 *
 * @param loop where to begin; changed as the run goes on
 */
export async function runLoop(
  setup: LoopSetup,
  loop: LoopState,
  { stop, hold, emit }: RunHandle,
): Promise<ResultEvent> {
  const { agent, stepper, evalEnv, settings, store, agentName, envName, actors = null } = setup;
  const { steps, seed, stopAt } = settings;
  /** Milliseconds that the run was paused. */
  let heldFor = 0;
  const clock = () => now() - heldFor;
  const started = clock();
  const fromStep = loop.step;
  const secondsBefore = loop.seconds;
  const seconds = () => secondsBefore + (clock() - started) / 1_000;
  const leave: StopRequest = {
    get requested() {
      return stop.requested || hold.requested;
    },
  };
  const going: Going = { agent, loop, seed, stop: leave, part: "loop" };
  let savedAt = -1;
  let reported = { step: loop.step, at: started };
  /** Milliseconds until the last step, evaluations included. */
  let trained = 0;

  /** Steps in this thread; or by actors, which may have gone further when it is noticed. */
  async function train(until: number): Promise<void> {
    if (!actors) return stepper.train(until, going);
    await actors.run(until, leave);
    actors.follow(loop);
  }

  async function waitWhilePaused(): Promise<void> {
    if (!hold.isPaused || stop.requested) return;
    const since = now();
    actors?.hold(true);
    emit({ event: "pause", step: loop.step });
    while (hold.isPaused && !stop.requested) {
      const changed = hold.change();
      // between steps; within an evaluation it is written after it
      if (going.part === "loop" && hold.takeCheckpoint()) await checkpoint();
      else await changed;
    }
    actors?.hold(false);
    heldFor += now() - since;
    emit({ event: "continue", step: loop.step });
  }

  /** Does what was asked for between two steps. */
  async function attend(): Promise<void> {
    await waitWhilePaused();
    if (hold.takeCheckpoint()) await checkpoint();
  }

  const halted = async () => {
    await waitWhilePaused();
    return stop.requested;
  };

  const statisticsNow = () => actors?.statistics() ?? agent.statistics();

  async function report(): Promise<void> {
    await agent.sync?.();
    const statistics = statisticsNow();
    const { averageLoss } = statistics;
    if (averageLoss !== undefined && agent.updates > 0 && !Number.isFinite(averageLoss)) {
      going.part = "agent";
      throw new UsageError(
        `${agent.name}: averageLoss must be finite; got ${averageLoss}. Lower the learning rate or clip gradients.`,
      );
    }
    const { step, episodes, lastReturn } = loop;
    const at = clock();
    const stepsPerSecond = ((step - reported.step) * 1_000) / Math.max(at - reported.at, 1e-3);
    const secondsLeft = (((at - started) / 1_000) * (steps - step)) / Math.max(step - fromStep, 1);
    const line: ProgressLine = { event: "progress", step, episodes, episodeReturn: lastReturn, statistics };
    store?.progress(line, { step, seconds: seconds(), stepsPerSecond });
    loop.reportedAt = step;
    reported = { step, at };
    emit({ ...line, steps, stepsPerSecond, ...actors?.progress(), secondsLeft });
  }

  /** Plays the evaluation of this step; one that a stop cuts short leaves no trace and is played again on resume. */
  async function evaluate(): Promise<void> {
    const { evalEpisodes, confirmEpisodes } = settings;
    const before = evalEnv.saveState();
    const returns: number[] = [];
    // a stream for each step: no evaluation depends on whether another was played
    const evalSeed = new Random(seed).stream(`evaluation/${loop.step}`).uint32();
    const recorder = store && new EpisodeRecorder(envName, loop.step);
    const play = (episodes: number) =>
      playEpisodes(agent, evalEnv, { episodes, seed: evalSeed, returns, halted, recorder });
    const reaches = () => stopAt !== null && summarize(returns).mean >= stopAt;
    let whole = false;
    going.part = "evaluation";
    // greedy actions by what was learned until this very step
    await agent.turn?.();
    try {
      whole = await play(evalEpisodes);
      if (whole && reaches()) whole = await play(evalEpisodes + confirmEpisodes);
    } finally {
      if (!whole) evalEnv.loadState(before);
    }
    going.part = "loop";
    if (!whole) return;
    const evaluation = summarize(returns);
    const { step, episodes } = loop;
    const best = loop.best === null || evaluation.mean > loop.best.mean;
    if (best) await store?.saveBest(agent, { step, evaluation });
    await agent.sync?.();
    const line: EvaluationLine = { event: "evaluation", step, episodes, evaluation, best };
    // before the line: where the disk refuses one of them, both are written again on resume
    if (recorder) store!.episode(recorder.take());
    store?.evaluation(line, statisticsNow(), seconds());
    // noted once everything is written: an evaluation that was not is played again on resume
    if (best) loop.best = { step, mean: evaluation.mean };
    loop.solved = reaches();
    loop.evaluatedAt = step;
    loop.lastEvaluation = evaluation;
    emit(line);
  }

  const capture = () => captureState(setup, { ...loop, seconds: seconds() });

  async function checkpoint(): Promise<void> {
    if (!store || savedAt === loop.step) return;
    await agent.sync?.();
    const path = store.checkpoint(loop.step, capture());
    savedAt = loop.step;
    emit({ event: "checkpoint", step: loop.step, path });
  }

  /** Whether the last go reached a multiple of the interval, at which nothing was done yet. */
  const due = (interval: number, doneAt: number) => {
    if (loop.step === 0 || doneAt === loop.step) return false;
    if (!actors) return loop.step % interval < stepper.stride;
    // actors do not wait at a multiple
    return Math.floor(loop.step / interval) > Math.floor(Math.max(doneAt, fromStep) / interval);
  };

  function result(
    outcome: ResultEvent["outcome"],
    evaluation: EvaluationSummary | null,
    keptStep: number,
  ): ResultEvent {
    const taken = loop.step - fromStep;
    return {
      event: "result",
      agent: agentName,
      env: envName,
      seed,
      steps: loop.step,
      episodes: loop.episodes,
      seconds: seconds(),
      stepsPerSecond: taken / Math.max(trained / 1_000, 1e-6),
      evaluation,
      runDirectory: store?.directory ?? null,
      outcome,
      keptStep,
    };
  }

  /** What somebody who looks sees. */
  function live(): LiveSource {
    const during = () => (going.part === "evaluation" || going.part === "finish" ? "evaluation" : "training");
    return liveSource({
      agent,
      stepper,
      env: evalEnv,
      actors: null,
      now: () => ({ step: loop.step, mine: loop.step, during: during() }),
    });
  }
  let endLive: (() => void) | undefined;
  try {
    // a run that is killed at any moment can be resumed
    if (loop.step === 0) await checkpoint();
    actors?.start(loop);
    // where there are actors, the first of them shows itself
    if (!actors) endLive = store?.live(live());
    for (;;) {
      await attend();
      if (due(settings.reportInterval, loop.reportedAt)) await report();
      if (stop.requested) break;
      if (due(settings.evalInterval, loop.evaluatedAt)) await evaluate();
      if (stop.requested) break;
      if (loop.solved || loop.step >= steps) break;
      if (due(settings.checkpointInterval, savedAt)) await checkpoint();
      const { reportInterval, evalInterval, checkpointInterval } = settings;
      const next = [reportInterval, evalInterval, checkpointInterval].map((interval) =>
        nextMultiple(loop.step, interval),
      );
      await train(Math.min(steps, ...next));
    }
    trained = clock() - started;
    if (actors) {
      await actors.end();
      // of a solved run the evaluated weights are kept
      if (!loop.solved) actors.follow(loop);
    }
    await checkpoint();
    const stopped = () => result("stopped", loop.lastEvaluation, loop.step);
    let last: ResultEvent;
    if (stop.requested) {
      last = stopped();
    } else {
      going.part = "finish";
      const kept = await finish();
      last = kept ? result(loop.solved ? "solved" : "finished", kept.evaluation, kept.step) : stopped();
    }
    emit(last);
    return last;
  } catch (thrown) {
    let error = thrown;
    if (actors) {
      await actors.end();
      if (error instanceof ActorFailure) ({ part: going.part, cause: error } = error);
      if (going.part !== "finish") actors.follow(loop);
    }
    throw runFailure(error, { part: going.part, step: loop.step, steps, kept: await rescue(going.part), store });
  } finally {
    endLive?.();
  }

  /**
   * Keeps the weights with the best evaluation: where the run was solved they are the present ones, otherwise those in
   * best/ (a run without a directory, or one that never evaluated, has only the present ones), and plays fresh episodes
   * with them. Null when a stop came between.
   */
  async function finish(): Promise<Score | null> {
    const { finalEpisodes } = settings;
    const step = store && loop.best ? loop.best.step : loop.step;
    if (step !== loop.step) await store!.loadBest(agent);
    await agent.turn?.();
    const returns: number[] = [];
    const finalSeed = new Random(seed).stream("final").uint32();
    if (!(await playEpisodes(agent, evalEnv, { episodes: finalEpisodes, seed: finalSeed, returns, halted })))
      return null;
    const score: Score = { step, evaluation: summarize(returns) };
    await store?.saveFinish(agent, score);
    const { episodes, solved } = loop;
    store?.result({
      event: "result",
      step: loop.step,
      episodes,
      outcome: solved ? "solved" : "finished",
      keptStep: step,
      evaluation: score.evaluation,
    });
    return score;
  }

  /** Saves what can be saved of a run that broke off. @returns what the message says about it */
  async function rescue(failed: FailedPart): Promise<string | null> {
    if (!store || failed === "finish") return null;
    try {
      await agent.sync?.();
      if (failed === "agent") return `the state it failed in is kept in ${store.failure(loop.step, capture())}`;
      if (failed === "env") {
        // episodes under way are lost, everything learned is not: a resume begins with new ones
        agent.stopEpisode();
        stepper.dropEpisodes();
      }
      await checkpoint();
      return null;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return error instanceof DeviceError ? null : `no checkpoint of this step could be written (${reason})`;
    }
  }
}
