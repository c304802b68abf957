/** The environment interface: Gymnasium's, with a state that can be saved. */
import { InternalError, nearest, UsageError } from "../errors.ts";
import type { State, Stateful } from "../state.ts";
import { type EnvRandom, NpRandom } from "./npRandom.ts";
import { type DrawList, type Frame, frameOf, type RenderMode } from "./render/index.ts";
import type { Space } from "./spaces/index.ts";

export type Info = Readonly<Record<string, unknown>>;
/** The info of a step that has nothing to say. */
export const noInfo: Info = Object.freeze({});

export interface ResetOptions {
  /** Restarts the environment's random stream; left out, the stream goes on. */
  readonly seed?: number;
  /** What an environment takes besides, such as `{state: […]}` or `{low, high}`. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** What an environment returns from a step. `terminated`: the task ended there; `truncated`: the episode was cut there. */
export type StepResult<Obs> = [obs: Obs, reward: number, terminated: boolean, truncated: boolean, info: Info];

/** What `register` was told about an environment, see registry.ts. */
export interface EnvSpec {
  readonly id: string;
  /** Steps after which an episode is truncated; null for none. */
  readonly maxEpisodeSteps: number | null;
  /** Mean return that counts as solved; null where there is none. */
  readonly rewardThreshold: number | null;
  /** Whether the same seed and actions may give different episodes. */
  readonly nondeterministic: boolean;
  /** The keyword arguments it was made with. */
  readonly kwargs: Readonly<Record<string, unknown>>;
}

export interface EnvMetadata {
  /** What `renderMode` may be: all of `renderModes` where there is a `draw`, else none. */
  readonly renderModes: readonly RenderMode[];
  /** Steps a second at which it looks natural. */
  readonly renderFps?: number;
}

/**
 * A task. `reset` begins an episode, `step` takes an action; an episode is over when either of the two flags is set.
 *
 * A subclass sets its spaces, calls `this.seedRandom(seed)` first in `reset`, draws only through
 * `this.random`, and puts all it has besides into `saveState`/`loadState`.
 */
export abstract class Env<Obs = unknown, Act = unknown> implements Stateful {
  abstract readonly observationSpace: Space<Obs>;
  abstract readonly actionSpace: Space<Act>;
  spec: EnvSpec | null = null;
  metadata: EnvMetadata = { renderModes: [] };
  /** Set by `make(id, {reuseObs: true})`: observations are written into two buffers in turn. */
  reuseObs = false;
  /** What each of the actions 0, 1, … means, in a word or two, where they are Discrete: "left"; in Atari's games "NOOP". */
  readonly actionMeanings: readonly string[] = [];
  #renderMode: RenderMode | null = null;
  #random: EnvRandom | null = null;
  #buffers: [Float32Array, Float32Array] | null = null;

  /** The stream of everything random here; NumPy's of the seed, or what was put in its place. */
  get random(): EnvRandom {
    this.#random ??= this.makeRandom();
    return this.#random;
  }
  set random(stream: EnvRandom) {
    this.#random = stream;
  }

  /** The form `render` gives pictures in; `make(id, { renderMode })` sets it. */
  get renderMode(): RenderMode | null {
    return this.#renderMode;
  }
  /** @throws UsageError for one that is not among `metadata.renderModes` */
  set renderMode(mode: RenderMode | null) {
    const { renderModes } = this.metadata;
    if (mode !== null && !renderModes.includes(mode)) {
      const near = nearest(String(mode), renderModes);
      const advice = near ? `Did you mean ${near}?` : "Leave it out.";
      const known = renderModes.length === 0 ? "left out, for it cannot be drawn" : `one of ${renderModes.join(", ")}`;
      throw new UsageError(`${this.name}: renderMode must be ${known}; got ${String(mode)}. ${advice}`);
    }
    this.#renderMode = mode;
  }

  /** Begins an episode. */
  abstract reset(options?: ResetOptions): [obs: Obs, info: Info];

  abstract step(action: Act): StepResult<Obs>;

  /** The environment inside all wrappers. */
  get unwrapped(): Env {
    return this as Env;
  }

  /** The environment's name in messages: its id without the version, or its class. */
  get name(): string {
    return this.spec?.id.replace(/-v\d+$/, "") ?? this.constructor.name;
  }

  /** The present state as a picture, where the environment has one: then `metadata.renderModes` says so. */
  draw(): DrawList {
    throw new UsageError(`${this.name}.draw: the environment must have a picture; got none. Add a draw method to it.`);
  }

  /**
   * The present state in the form `renderMode` asks for.
   * @throws UsageError where there is none
   */
  render(): Frame {
    const mode = this.renderMode;
    if (mode !== null) return frameOf(this.draw(), mode);
    const modes = this.metadata.renderModes;
    throw new UsageError(
      modes.length === 0
        ? `${this.name}.render: the environment must have a picture; got none. Add a draw method to it.`
        : `${this.name}.render: renderMode must be one of ${modes.join(", ")}; got none. ` +
            `Make it with make("${this.spec?.id ?? this.name}", { renderMode: "${modes[0]}" }).`,
    );
  }

  close(): void {}

  /** Everything the rest of the episode and later ones depend on. */
  saveState(): State {
    return { random: this.#random?.saveState() ?? null };
  }

  /**
   * Why the episode that was running when a state was saved cannot go on from the state loaded last, or null where it
   * can: an environment that is not here (in another process) may have to begin a new one.
   */
  get lostEpisode(): string | null {
    return null;
  }

  loadState(state: State): void {
    const { random } = state as { random: State };
    if (random !== null) this.random.loadState(random);
    else this.#random = null;
  }

  /** Restarts the stream with a seed; without one it goes on. */
  protected seedRandom(seed: number | undefined): void {
    if (seed !== undefined) this.#random = this.makeRandom(seed);
  }

  /** A stream of a seed, or of a fresh one; overridden where another generator than Gymnasium's is to be equalled. */
  protected makeRandom(seed?: number): EnvRandom {
    return new NpRandom(seed);
  }

  /**
   * Where the next observation of `size` numbers goes: a fresh array, or with `reuseObs` one of two, so that an
   * observation stays valid until two steps later and nothing is allocated.
   */
  protected obsBuffer(size: number): Float32Array {
    if (!this.reuseObs) return new Float32Array(size);
    this.#buffers ??= [new Float32Array(size), new Float32Array(size)];
    const [next, last] = this.#buffers;
    this.#buffers[0] = last;
    this.#buffers[1] = next;
    return next;
  }
}

/** An environment around another; everything is passed on until a subclass overrides it. */
export abstract class Wrapper<Obs = unknown, Act = unknown, InnerObs = Obs, InnerAct = Act> extends Env<Obs, Act> {
  readonly env: Env<InnerObs, InnerAct>;

  constructor(env: Env<InnerObs, InnerAct>) {
    super();
    this.env = env;
    this.spec = env.spec;
    this.metadata = env.metadata;
  }

  override get observationSpace(): Space<Obs> {
    return this.env.observationSpace as unknown as Space<Obs>;
  }
  override get actionSpace(): Space<Act> {
    return this.env.actionSpace as unknown as Space<Act>;
  }
  override get random(): EnvRandom {
    return this.env.random;
  }
  override set random(stream: EnvRandom) {
    this.env.random = stream;
  }
  override get unwrapped(): Env {
    return this.env.unwrapped;
  }
  override get name(): string {
    return this.env.name;
  }
  override get lostEpisode(): string | null {
    return this.env.lostEpisode;
  }

  override get renderMode(): RenderMode | null {
    return this.env.renderMode;
  }
  override set renderMode(mode: RenderMode | null) {
    this.env.renderMode = mode;
  }

  override draw(): DrawList {
    return this.env.draw();
  }
  override render(): Frame {
    return this.env.render();
  }
  override reset(options: ResetOptions = {}): [obs: Obs, info: Info] {
    return this.env.reset(options) as unknown as [Obs, Info];
  }
  override step(action: Act): StepResult<Obs> {
    return this.env.step(action as unknown as InnerAct) as unknown as StepResult<Obs>;
  }
  override close(): void {
    this.env.close();
  }
  /** The state of the environment inside; a wrapper with a state of its own adds it beside. */
  override saveState(): State {
    return { env: this.env.saveState() };
  }
  override loadState(state: State): void {
    const { env } = state as { env?: State };
    if (env === undefined)
      throw new InternalError(`${this.constructor.name}: the state must be a wrapper's; got none.`);
    this.env.loadState(env);
  }
}

/** Changes observations: `observation(obs)`. */
export abstract class ObservationWrapper<Obs, Act, InnerObs> extends Wrapper<Obs, Act, InnerObs, Act> {
  abstract observation(obs: InnerObs): Obs;

  override reset(options: ResetOptions = {}): [obs: Obs, info: Info] {
    const [obs, info] = this.env.reset(options);
    return [this.observation(obs), info];
  }
  override step(action: Act): StepResult<Obs> {
    const result = this.env.step(action);
    const changed = result as unknown as StepResult<Obs>;
    changed[0] = this.observation(result[0]);
    return changed;
  }
}

/** Changes actions: `action(act)` is what the environment inside gets. */
export abstract class ActionWrapper<Obs, Act, InnerAct> extends Wrapper<Obs, Act, Obs, InnerAct> {
  abstract action(act: Act): InnerAct;

  override step(action: Act): StepResult<Obs> {
    return this.env.step(this.action(action));
  }
}

/** Changes rewards: `reward(r)`. */
export abstract class RewardWrapper<Obs, Act> extends Wrapper<Obs, Act> {
  abstract reward(reward: number): number;

  override step(action: Act): StepResult<Obs> {
    const result = this.env.step(action);
    result[1] = this.reward(result[1]);
    return result;
  }
}
