/** What the suites of both kinds of actors have in common: an environment that breaks, checkpoints, events, failures. */
import fs from "node:fs";
import path from "node:path";
import { Box, Discrete, Env, noInfo, register, type StepResult } from "../../src/envs/index.ts";
import { readCheckpoint } from "../../src/train/checkpoint.ts";
import type { RunEvent } from "../../src/train/index.ts";

/** The environment of test/fixtures/actors/envs.mjs as the main thread has it: nothing breaks there. */
class Calm extends Env<Float32Array, number> {
  readonly observationSpace = new Box(-1, 1, { shape: [2] });
  readonly actionSpace = new Discrete(2);
  #taken = 0;

  reset(): [Float32Array, typeof noInfo] {
    return [Float32Array.of(0, 0), noInfo];
  }

  step(action: number): StepResult<Float32Array> {
    return [Float32Array.of(0, 0), action, ++this.#taken % 5 === 0, false, noInfo];
  }

  override saveState() {
    return this.#taken;
  }

  override loadState(taken: number): void {
    this.#taken = taken;
  }
}
register({ id: "Breaking-v0", entryPoint: () => new Calm() });

/** What actors import: there Breaking-v0 breaks. */
export const actorModule = new URL("../fixtures/actors/envs.mjs", import.meta.url).href;

/** The step and the agent of the newest checkpoint. */
export function newest<SavedAgent>(directory: string): { step: number; agent: SavedAgent } {
  const place = path.join(directory, "checkpoints");
  const steps = fs.readdirSync(place).map((name) => Number(/\d+/.exec(name)![0]));
  const step = Math.max(...steps);
  const { run } = readCheckpoint(path.join(place, `step-${step}.safetensors`)).state as unknown as {
    run: { agent: SavedAgent };
  };
  return { step, agent: run.agent };
}

export async function eventsOf(run: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

/** What a run fails with. */
export async function failureOf(run: PromiseLike<unknown>): Promise<Error> {
  try {
    await run;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it went on");
}
