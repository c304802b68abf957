/** Environments whose observations and rewards tell where they come from. */
import { type AutoresetMode, Box, Discrete, Env, LocalVectorEnv, SingleRows } from "../../src/envs/index.ts";

/**
 * Observations are (episode, step), rewards 10 · episode + step. Episode 0 is truncated, 1 terminated, and so on. With
 * `masks` an episode allows action 1 alone, but both at its end.
 */
export class Counter extends Env<Float32Array, number> {
  readonly observationSpace = new Box(0, 1_000, { shape: [2] });
  readonly actionSpace = new Discrete(2);
  readonly #length: number;
  readonly #masks: boolean;
  #episode = -1;
  #step = 0;

  constructor(length: number, masks = false) {
    super();
    this.#length = length;
    this.#masks = masks;
  }

  #info(isOver: boolean) {
    return this.#masks ? { actionMask: Uint8Array.of(isOver ? 1 : 0, 1) } : {};
  }

  reset() {
    this.#episode++;
    this.#step = 0;
    return [Float32Array.of(this.#episode, 0), this.#info(false)] as [Float32Array, Record<string, unknown>];
  }

  step() {
    this.#step++;
    const isOver = this.#step === this.#length;
    const isEven = this.#episode % 2 === 0;
    const obs = Float32Array.of(this.#episode, this.#step);
    const reward = 10 * this.#episode + this.#step;
    return [obs, reward, isOver && !isEven, isOver && isEven, this.#info(isOver)] as never;
  }
}

export const counters = (lengths: readonly number[], autoresetMode: AutoresetMode, masks = false) =>
  new LocalVectorEnv(new SingleRows(lengths.map((length) => new Counter(length, masks) as never)), {
    name: "Counter",
    spec: null,
    autoresetMode,
    reuseObs: true,
  });
