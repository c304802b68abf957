/** An environment and an agent whose every number is known beforehand, and which fail when told to. */
import fs from "node:fs";
import path from "node:path";
import type { Agent, Observation } from "../../src/agents/index.ts";
import type { State } from "../../src/state.ts";
import type { TrainingEnv } from "../../src/train/index.ts";

export interface ScriptedEnvOptions {
  /** Steps of an episode; those with an even number are terminated, the others truncated. */
  readonly length?: number;
  /** Called before each step with how many were taken in this environment. */
  readonly onStep?: (steps: number) => void;
  readonly rewardThreshold?: number | null;
}

/** Observations are (step in the episode, episode), every reward is 1. */
export class ScriptedEnv implements TrainingEnv {
  readonly observationSpace = { shape: [2] };
  readonly actionSpace = { n: 2 };
  readonly spec: TrainingEnv["spec"];
  readonly seeds: (number | undefined)[] = [];
  closed = false;
  #length: number;
  #onStep: (steps: number) => void;
  #steps = 0;
  #step = 0;
  #episode = -1;

  constructor({ length = 5, onStep = () => {}, rewardThreshold = null }: ScriptedEnvOptions = {}) {
    this.#length = length;
    this.#onStep = onStep;
    this.spec = { id: "Scripted-v0", rewardThreshold };
  }

  reset({ seed }: { seed?: number } = {}) {
    this.seeds.push(seed);
    this.#episode++;
    this.#step = 0;
    return [Float32Array.of(0, this.#episode), {}] as const;
  }

  step(): ReturnType<TrainingEnv["step"]> {
    this.#onStep(this.#steps);
    this.#steps++;
    this.#step++;
    const over = this.#step === this.#length;
    const even = this.#episode % 2 === 0;
    return [Float32Array.of(this.#step, this.#episode), 1, over && even, over && !even, {}];
  }

  close(): void {
    this.closed = true;
  }

  saveState(): State {
    return { steps: this.#steps, step: this.#step, episode: this.#episode };
  }

  loadState(state: State): void {
    const { steps, step, episode } = state as { steps: number; step: number; episode: number };
    this.#steps = steps;
    this.#step = step;
    this.#episode = episode;
  }
}

/** One call of `observe`. */
export interface Observed {
  readonly obs: readonly number[];
  readonly nextObs: readonly number[];
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
}

/** Acts 0, learns nothing, remembers what it was shown. */
export class SpyAgent implements Agent {
  readonly name = "Spy";
  readonly observed: Observed[] = [];
  /** Observations it acted on greedily. */
  greedyActs = 0;
  steps = 0;
  updates = 0;
  training = true;
  readonly numbers: Record<string, number>;
  readonly #onObserve: (steps: number) => void;
  #obs: readonly number[] | null = null;

  /** @param numbers its statistics */
  constructor(numbers: Record<string, number> = {}, onObserve: (steps: number) => void = () => {}) {
    this.numbers = numbers;
    this.#onObserve = onObserve;
  }

  act(obs: Observation): number {
    if (this.training) this.#obs = Array.from(obs);
    else this.greedyActs++;
    return 0;
  }

  observe(nextObs: Observation, reward: number, terminated: boolean, truncated: boolean): void {
    if (this.#obs === null) throw new Error("observe came without act");
    this.observed.push({ obs: this.#obs, nextObs: Array.from(nextObs), reward, terminated, truncated });
    this.#obs = null;
    this.#onObserve(this.steps);
    this.steps++;
    this.updates++;
  }

  evalMode<T>(body: () => T): T {
    this.training = false;
    try {
      return body();
    } finally {
      this.training = true;
    }
  }

  actAndTrain(): never {
    throw new Error("train does not call actAndTrain");
  }
  stopEpisodeAndTrain(): never {
    throw new Error("train does not call stopEpisodeAndTrain");
  }
  stopEpisode(): void {
    this.#obs = null;
  }

  statistics(): Record<string, number> {
    return this.numbers;
  }

  saveState(): State {
    return { steps: this.steps, updates: this.updates, obs: this.#obs };
  }

  loadState(state: State): void {
    const { steps, updates, obs } = state as { steps: number; updates: number; obs: readonly number[] | null };
    this.steps = steps;
    this.updates = updates;
    this.#obs = obs;
  }

  async save(directory: string): Promise<void> {
    fs.writeFileSync(path.join(directory, "spy.txt"), String(this.steps));
  }

  async load(directory: string): Promise<void> {
    this.steps = Number(fs.readFileSync(path.join(directory, "spy.txt"), "utf8"));
  }
}
