/** One of Gymnasium's environments in Python, as an environment: `make("python:CartPole-v1")`. */
import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { Env, type Info, type ResetOptions, type StepResult } from "../env.ts";
import type { Frame } from "../render/index.ts";
import { Box, type BoxArray, type BoxDtype, type Space } from "../spaces/index.ts";
import { PythonVector, type PythonVectorOptions } from "./pythonVector.ts";

type NumberArray = BoxArray<BoxDtype>;

/** A vector of one. */
export class PythonEnv extends Env<unknown, unknown> {
  readonly observationSpace: Space<unknown>;
  readonly actionSpace: Space<unknown>;
  readonly #vector: PythonVector;
  #lostEpisode: string | null = null;
  #buffers: [NumberArray, NumberArray] | null = null;

  /** @throws DeviceError where Python or gymnasium is missing, UsageError for what Python cannot make */
  constructor(options: Omit<PythonVectorOptions, "n" | "autoreset">) {
    super();
    const vector = new PythonVector(options);
    this.#vector = vector;
    this.spec = vector.spec;
    this.metadata = vector.metadata;
    this.observationSpace = vector.observationSpace;
    this.actionSpace = vector.actionSpace;
  }

  override get name(): string {
    return this.#vector.name;
  }

  /** The seed goes to Python; numbers are those of Gymnasium there. */
  override reset({ seed, options }: ResetOptions = {}): [obs: unknown, info: Info] {
    this.#vector.reset([seed ?? null], options ?? null);
    this.#lostEpisode = null;
    return [this.#observation(), this.#vector.info(0)];
  }

  override step(action: unknown): StepResult<unknown> {
    const vector = this.#vector;
    vector.setAction(0, action);
    vector.step();
    return [
      this.#observation(),
      vector.rewards[0]!,
      vector.terminated[0] === 1,
      vector.truncated[0] === 1,
      vector.info(0),
    ];
  }

  /**
   * The picture that Python draws.
   * @throws UsageError where the environment was not made with `renderMode: "rgbArray"`, or draws none
   */
  override render(): Frame {
    const frame = this.renderMode === null ? null : this.#vector.render();
    if (frame !== null) return frame;
    throw new UsageError(
      this.renderMode === null
        ? `${this.name}.render: renderMode must be rgbArray for Python to draw; got none. ` +
            `Make it with make("${this.name}", { renderMode: "rgbArray" }).`
        : `${this.name}.render: the environment must return an array (height, width, 3); got something else. ` +
            "Leave renderMode out.",
    );
  }

  #observation(): unknown {
    const { observations } = this.#vector;
    const { observationSpace } = this;
    if (!this.reuseObs || !(observationSpace instanceof Box)) return observations.get(0);
    this.#buffers ??= [observations.get(0) as NumberArray, observations.get(0) as NumberArray];
    this.#buffers.reverse();
    return observations.get(0, this.#buffers[0]);
  }

  override get lostEpisode(): string | null {
    return this.#lostEpisode;
  }

  override saveState(): State {
    return this.#vector.saveState();
  }

  override loadState(state: State): void {
    this.#lostEpisode = this.#vector.loadState(state)[0]!;
  }

  override close(): void {
    this.#vector.close();
  }
}
