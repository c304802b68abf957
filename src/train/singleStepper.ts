/** One environment: act, step, observe. */
import type { Observation, StepInfo } from "../agents/agent.ts";
import type { DrawList, Env } from "../envs/index.ts";
import type { State } from "../state.ts";
import { EnvContract } from "./envContract.ts";
import type { Going, Scene, Stepper } from "./stepper.ts";
import type { TrainingEnv } from "./trainingEnv.ts";
import { now, sliceMilliseconds, turn } from "./turn.ts";

/** Environments reuse their observation's memory, so it is copied; other array types are kept as float64. */
function observationState(obs: Observation): State {
  const kept = obs instanceof Float32Array || obs instanceof Uint8Array || obs instanceof Int32Array;
  return kept ? obs.slice() : Float64Array.from(obs);
}

/** The picture of an environment; null where it has none. */
function drawn(env: TrainingEnv): DrawList | null {
  // an environment of the user's need not be one of the class
  const drawing = env as unknown as Partial<Env>;
  return drawing.metadata?.renderModes.includes("drawList") ? drawing.draw!() : null;
}

export class SingleStepper implements Stepper {
  readonly stride = 1;
  readonly #env: TrainingEnv;
  readonly #contract: EnvContract;
  /** What the environment returned last: an observation, and what it said beside it. */
  #obs: Observation = [];
  #info: StepInfo = {};
  /** Whether an episode is under way. */
  #isRunning = false;
  /** Return of the running episode so far. */
  #episodeReturn = 0;
  /** The step of training at which it began. */
  #begunAt = 0;
  /** Steps between looks at the clock, about one slice. */
  #chunk = 16;

  constructor(env: TrainingEnv) {
    this.#env = env;
    this.#contract = new EnvContract(env);
  }

  /**
   * Steps until `until`, a stop, or a step at which the agent must wait for its device. Nothing is allocated here but
   * what the environment returns.
   */
  #takeSteps(until: number, going: Going): void {
    const { agent, loop, stop, seed } = going;
    const env = this.#env;
    const contract = this.#contract;
    while (loop.step < until && !stop.requested) {
      if (!this.#isRunning) {
        going.part = "env";
        // only the run's first episode is seeded; the environment's own stream goes on from there
        const first = loop.step === 0 ? env.reset({ seed }) : env.reset();
        this.#obs = contract.reset(first);
        this.#info = first[1] as StepInfo;
        this.#isRunning = true;
        this.#episodeReturn = 0;
        this.#begunAt = loop.step;
      }
      going.part = "agent";
      const action = agent.act(this.#obs, this.#info);
      going.part = "env";
      const result = env.step(action);
      contract.step(result);
      const [obs, reward, terminated, truncated] = result;
      const info = result[4] as StepInfo;
      this.#obs = obs;
      this.#info = info;
      going.part = "agent";
      agent.observe(obs, reward, terminated, truncated, info);
      going.part = "loop";
      loop.step++;
      this.#episodeReturn += reward;
      if (terminated || truncated) {
        this.#isRunning = false;
        loop.episodes++;
        loop.lastReturn = this.#episodeReturn;
      }
      if (agent.wantsTurn) return;
    }
  }

  /** In slices with a turn after each. */
  async train(until: number, going: Going): Promise<void> {
    const { agent, loop, stop } = going;
    while (loop.step < until && !stop.requested) {
      const begun = now();
      const from = loop.step;
      this.#takeSteps(Math.min(until, loop.step + this.#chunk), going);
      const took = now() - begun;
      const taken = loop.step - from;
      // one that was cut short by a report says nothing of how many more would fit, unless it was too long already
      if (taken === this.#chunk || took > sliceMilliseconds) {
        const fitting = Math.round((taken * sliceMilliseconds) / took);
        this.#chunk = Math.max(1, Math.min(fitting, 4 * this.#chunk, 1 << 20));
      }
      if (agent.wantsTurn) await agent.turn?.();
      await turn();
    }
  }

  scene(step: number): Scene | null {
    if (step === 0 && !this.#isRunning) return null;
    return {
      draw: () => drawn(this.#env),
      obs: this.#isRunning ? this.#obs : null,
      info: this.#info,
      steps: step - this.#begunAt,
      return: this.#episodeReturn,
    };
  }

  saveState(): State {
    const { actionMask } = this.#info ?? {};
    const isRunning = this.#isRunning;
    return {
      env: this.#env.saveState(),
      isRunning,
      episodeReturn: this.#episodeReturn,
      begunAt: this.#begunAt,
      obs: isRunning ? observationState(this.#obs) : null,
      actionMask: isRunning && actionMask ? Uint8Array.from(actionMask) : null,
    };
  }

  loadState(state: State): void {
    const { env, isRunning, episodeReturn, begunAt, obs, actionMask } = state as {
      env: State;
      isRunning: boolean;
      episodeReturn: number;
      begunAt: number;
      obs: Float32Array | null;
      actionMask: Uint8Array | null;
    };
    this.#env.loadState(env);
    this.#isRunning = isRunning;
    this.#episodeReturn = episodeReturn;
    this.#begunAt = begunAt;
    this.#obs = obs ?? [];
    this.#info = actionMask ? { actionMask } : {};
  }

  get lostEpisode(): string | null {
    return this.#isRunning ? (this.#env.lostEpisode ?? null) : null;
  }

  dropEpisodes(): void {
    this.#isRunning = false;
  }

  close(): void {
    this.#env.close();
  }
}
