/** Many environments side by side: act in all by one forward pass, step, observe. */
import type { BatchActions, BatchInfos } from "../agents/agent.ts";
import { rowMask } from "../agents/batchActing.ts";
import { Transitions, type VectorActions, type VectorEnv } from "../envs/index.ts";
import type { State } from "../state.ts";
import type { Going, Scene, Stepper } from "./stepper.ts";
import { now, sliceMilliseconds, turn } from "./turn.ts";

export class VectorStepper implements Stepper {
  readonly stride: number;
  readonly #envs: VectorEnv;
  readonly #transitions: Transitions;
  /** `(n, …obs)` and what came beside it. */
  #obs: ArrayLike<number> = [];
  #infos: BatchInfos = {};
  #areRunning = false;
  /** Returns of the running episodes so far. */
  readonly #episodeReturns: Float64Array;
  /** The step of training at which the first environment's episode began. */
  #begunAt = 0;

  /** @param envs in autoreset mode `sameStep`, in which every row of every step is a transition */
  constructor(envs: VectorEnv) {
    this.stride = envs.numEnvs;
    this.#envs = envs;
    this.#transitions = new Transitions(envs);
    this.#episodeReturns = new Float64Array(envs.numEnvs);
  }

  #reset(seed: number | undefined, step: number): void {
    const [obs, infos] = this.#envs.reset(seed === undefined ? {} : { seed });
    this.#obs = obs as unknown as ArrayLike<number>;
    this.#infos = infos as BatchInfos;
    this.#areRunning = true;
    this.#episodeReturns.fill(0);
    this.#begunAt = step;
  }

  #step(actions: BatchActions, going: Going): void {
    const { agent, loop } = going;
    going.part = "env";
    const result = this.#envs.step(actions as VectorActions);
    const [obs, rewards, terminated, truncated, infos] = result;
    going.part = "agent";
    agent.observeBatch!(this.#transitions.read(result), rewards, terminated, truncated, infos as BatchInfos);
    going.part = "loop";
    this.#obs = obs as unknown as ArrayLike<number>;
    this.#infos = infos as BatchInfos;
    loop.step += this.stride;
    const returns = this.#episodeReturns;
    for (let row = 0; row < returns.length; row++) {
      returns[row]! += rewards[row]!;
      if ((terminated[row]! | truncated[row]!) === 0) continue;
      loop.episodes++;
      loop.lastReturn = returns[row]!;
      returns[row] = 0;
      if (row === 0) this.#begunAt = loop.step;
    }
  }

  async train(until: number, going: Going): Promise<void> {
    const { agent, loop, stop, seed } = going;
    let turned = now();
    while (loop.step < until && !stop.requested) {
      if (!this.#areRunning) {
        going.part = "env";
        // only the run's first episodes are seeded; the environments' own streams go on from there
        this.#reset(loop.step === 0 ? seed : undefined, loop.step);
      }
      going.part = "agent";
      const actions = await agent.actBatch!(this.#obs, this.stride, this.#infos);
      this.#step(actions, going);
      if (now() - turned > sliceMilliseconds) {
        await turn();
        turned = now();
      }
    }
  }

  scene(step: number): Scene | null {
    if (!this.#areRunning) return null;
    const obs = this.#obs as Float32Array;
    const actionMask = rowMask(this.#infos, 0, this.stride);
    return {
      draw: () => this.#envs.draw(0),
      obs: obs.subarray(0, obs.length / this.stride),
      info: actionMask === null ? {} : { actionMask },
      steps: (step - this.#begunAt) / this.stride,
      return: this.#episodeReturns[0]!,
    };
  }

  saveState(): State {
    const areRunning = this.#areRunning;
    const { actionMask, _actionMask } = this.#infos;
    return {
      envs: this.#envs.saveState(),
      areRunning,
      episodeReturns: this.#episodeReturns.slice(),
      begunAt: this.#begunAt,
      obs: areRunning ? ((this.#obs as Float32Array).slice() as State) : null,
      actionMask: areRunning && actionMask ? Uint8Array.from(actionMask as ArrayLike<number>) : null,
      saidMask: areRunning && _actionMask ? Uint8Array.from(_actionMask) : null,
    };
  }

  loadState(state: State): void {
    const { envs, areRunning, episodeReturns, begunAt, obs, actionMask, saidMask } = state as {
      envs: State;
      areRunning: boolean;
      episodeReturns: Float64Array;
      begunAt: number;
      obs: Float32Array | null;
      actionMask: Uint8Array | null;
      saidMask: Uint8Array | null;
    };
    this.#envs.loadState(envs);
    this.#areRunning = areRunning;
    this.#episodeReturns.set(episodeReturns);
    this.#begunAt = begunAt;
    this.#obs = obs ?? [];
    this.#infos = actionMask ? { actionMask, ...(saidMask ? { _actionMask: saidMask } : {}) } : {};
  }

  get lostEpisode(): null {
    return null;
  }

  dropEpisodes(): void {
    this.#areRunning = false;
  }

  close(): void {
    this.#envs.close();
  }
}
