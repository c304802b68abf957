/** Gymnasium environments of a child Python process: n of one kind, stepped in one message. */
import type { State } from "../../state.ts";
import { type EnvMetadata, type EnvSpec, type Info, noInfo } from "../env.ts";
import type { RgbImage } from "../render/index.ts";
import type { Space } from "../spaces/index.ts";
import { type Answer, PythonConnection, requests } from "./connection.ts";
import { type Elements, Layout, requireAction, type SpaceJson, spaceFromJson } from "./spaces.ts";

export interface PythonVectorOptions {
  /** Gymnasium's id, `CartPole-v1`, `ALE/Breakout-v5` or `module:MyEnv-v0`. */
  readonly id: string;
  /** How many environments, 1 by default. */
  readonly n?: number;
  /**
   * When the next episode of an environment begins, as in Gymnasium's autoreset modes; `disabled` by default: an ended
   * one waits for a reset.
   */
  readonly autoreset?: "nextStep" | "sameStep" | "disabled";
  /** Instead of the registered limit; null for none. */
  readonly maxEpisodeSteps?: number | null | undefined;
  /** The interpreter: `KUSARI_PYTHON` or else `python3` unless given. */
  readonly python?: string | undefined;
  /** Keyword arguments of the environment, with Python's names. */
  readonly kwargs?: Readonly<Record<string, unknown>>;
}

/** What server.py tells of what it made. */
interface Handshake {
  readonly observationSpace: SpaceJson;
  readonly actionSpace: SpaceJson;
  readonly spec: Omit<EnvSpec, "kwargs">;
  readonly renderFps: number | null;
  readonly renderMode: string | null;
}

/** A state that begins anew: the process that held it was gone when it was saved. */
interface SavedVector {
  /** What server.py saved, as it came; null where it could not be asked. */
  readonly saved: Uint8Array | null;
  /** The seed of each environment's last seeded reset, and its resets since. */
  readonly seeds: readonly (number | null)[];
  readonly resets: readonly number[];
}

export class PythonVector {
  readonly n: number;
  readonly name: string;
  readonly spec: EnvSpec;
  readonly metadata: EnvMetadata;
  /** Of one environment. */
  readonly observationSpace: Space<unknown>;
  readonly actionSpace: Space<unknown>;
  /** Of the last step, `(n)`; of a reset zeros. Valid until the next request, as all below. */
  rewards!: Float64Array;
  /** Flags of the last step, 0 or 1, `(n)`. */
  terminated!: Uint8Array;
  truncated!: Uint8Array;
  observations!: Elements;
  /** The last observations of episodes that ended in this step, where autoreset is `sameStep`. */
  finalObservations!: Elements;
  /** Infos of the last request, `(n)`; null where all are empty. */
  #infos: readonly Info[] | null = null;
  readonly #connection: PythonConnection;
  readonly #obsLayout: Layout;
  readonly #actions: Elements;
  /** Bytes of an answer without infos, without and with final observations. */
  readonly #plainSize: number;
  #bound: ArrayBuffer | null = null;
  #seeds: (number | null)[];
  #resets: number[];
  /** Environments whose stream was lost: their next reset seeds them. */
  #unseeded: boolean[];

  /**
   * @throws DeviceError where Python or gymnasium is missing, UsageError where the environment cannot be made or
   *   carried
   */
  constructor({ id, n = 1, autoreset = "disabled", maxEpisodeSteps, python, kwargs = {} }: PythonVectorOptions) {
    this.n = n;
    this.name = `python:${id}`;
    const interpreter = python ?? globalThis.process?.env?.KUSARI_PYTHON ?? "python3";
    const connection = new PythonConnection(this.name, interpreter);
    this.#connection = connection;
    try {
      const unlimited = maxEpisodeSteps === null;
      const wanted = { id, n, autoreset, kwargs, unlimited, maxEpisodeSteps: maxEpisodeSteps ?? null };
      const made = connection.json(connection.ask("make", requests.step, wanted)) as Handshake;
      const { spec, renderFps, renderMode } = made;
      // with the version that Python chose, and the module that registers it
      this.spec = { ...spec, id: `python:${id.slice(0, id.lastIndexOf(":") + 1)}${spec.id}`, kwargs };
      // Python decides when it makes an environment whether that will draw pictures
      const renderModes = renderMode === "rgb_array" ? (["rgbArray"] as const) : [];
      this.metadata = renderFps === null ? { renderModes } : { renderModes, renderFps };
      this.observationSpace = spaceFromJson(made.observationSpace);
      this.actionSpace = spaceFromJson(made.actionSpace);
      this.#obsLayout = new Layout(made.observationSpace, n);
      const actions = new Layout(made.actionSpace, n);
      connection.request = Buffer.from(new ArrayBuffer(8 + actions.size));
      this.#actions = actions.bind(connection.request.buffer, 8);
      this.#plainSize = 8 + 8 * n + 8 * Math.ceil((2 * n) / 8) + this.#obsLayout.size;
      const largest = this.#plainSize + this.#obsLayout.size;
      if (connection.frame.length < largest) connection.frame = Buffer.from(new ArrayBuffer(largest + (1 << 16)));
      this.#bind();
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#seeds = Array.from({ length: n }, () => null);
    this.#resets = Array.from({ length: n }, () => 0);
    this.#unseeded = Array.from({ length: n }, () => false);
  }

  /** Points the views at the connection's frame, which may have been made anew. */
  #bind(): void {
    const { buffer } = this.#connection.frame;
    if (buffer === this.#bound) return;
    const { n } = this;
    this.#bound = buffer;
    this.rewards = new Float64Array(buffer, 8, n);
    this.terminated = new Uint8Array(buffer, 8 + 8 * n, n);
    this.truncated = new Uint8Array(buffer, 8 + 9 * n, n);
    this.observations = this.#obsLayout.bind(buffer, this.#plainSize - this.#obsLayout.size);
    this.finalObservations = this.#obsLayout.bind(buffer, this.#plainSize);
  }

  #take({ size, withFinal }: Answer): void {
    this.#bind();
    const end = this.#plainSize + (withFinal ? this.#obsLayout.size : 0);
    const text = size > end ? this.#connection.frame.toString("utf8", end, size) : null;
    this.#infos = text === null ? null : (JSON.parse(text) as Info[]);
  }

  info(i: number): Info {
    return this.#infos?.[i] ?? noInfo;
  }

  /**
   * Begins episodes.
   * @param seeds a seed for each environment, null where its stream goes on
   * @param mask which environments; all unless given
   */
  reset(
    seeds: readonly (number | null)[],
    options: Readonly<Record<string, unknown>> | null = null,
    mask: readonly boolean[] = seeds.map(() => true),
  ): void {
    const known = seeds.map((seed, i) => {
      if (!mask[i]) return null;
      const lost = this.#unseeded[i] ? (this.#seeds[i] ?? 0) + this.#resets[i]! : null;
      return seed ?? lost;
    });
    this.#take(this.#connection.ask("reset", requests.reset, { seeds: known, options, mask }));
    for (const [i, seed] of seeds.entries()) {
      if (!mask[i]) continue;
      this.#unseeded[i] = false;
      if (seed !== null) this.#seeds[i] = seed;
      this.#resets[i] = seed === null ? this.#resets[i]! + 1 : 0;
    }
  }

  /** Puts the action of environment i into the next step. @throws UsageError where it is none */
  setAction(i: number, action: unknown): void {
    requireAction(this.name, this.actionSpace, action);
    this.#actions.put(i, action);
  }

  /** Steps all environments with the actions set. */
  step(): void {
    this.#take(this.#connection.step());
  }

  /** The first environment's picture; null where it was not made with `render_mode: "rgb_array"`. */
  render(): RgbImage | null {
    const { size } = this.#connection.ask("render", requests.render, undefined);
    const { frame } = this.#connection;
    if (size === 8) return null;
    const pixels = new Uint8Array(frame.subarray(16, size));
    return { width: frame.readUInt32LE(12), height: frame.readUInt32LE(8), pixels };
  }

  /**
   * What the running episodes started from and their actions: Python objects have no state that could be saved, but
   * the episodes can be played again.
   */
  saveState(): State {
    // a run that breaks off because the process is gone still writes its checkpoint
    let saved: Uint8Array | null = null;
    if (this.#connection.isOpen) {
      const { size } = this.#connection.ask("saveState", requests.save, undefined);
      saved = new Uint8Array(this.#connection.frame.subarray(8, size));
    }
    return { saved, seeds: this.#seeds.slice(), resets: this.#resets.slice() };
  }

  /** Plays the saved episodes again. @returns for each environment why its episode is lost, or null */
  loadState(state: State): readonly (string | null)[] {
    const { saved, seeds, resets } = state as unknown as SavedVector;
    this.#seeds = [...seeds];
    this.#resets = [...resets];
    this.#unseeded = seeds.map(() => saved === null);
    if (saved === null) return seeds.map(() => "its Python process had ended");
    const answer = this.#connection.ask("loadState", requests.load, new TextDecoder().decode(saved));
    return this.#connection.json(answer) as (string | null)[];
  }

  /** The Python process. */
  get pid(): number {
    return this.#connection.pid;
  }

  /** Ends the Python process. */
  close(): void {
    this.#connection.close();
  }
}
