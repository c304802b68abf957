/**
 * Whole episodes, from which stretches of consecutive steps are drawn: the memory of agents that learn from trajectories.
 * Source: Wang et al. 2017, "Sample efficient actor-critic with experience replay", section 2; by their returns: Nachum,
 * Norouzi, Xu, Schuurmans 2017, "Bridging the gap between value and policy based reinforcement learning".
 */
import { ShapeError, UsageError } from "../errors.ts";
import type { Random, RandomState } from "../random.ts";
import type { State, Stateful } from "../state.ts";

export interface EpisodicTrajectoriesOptions {
  /** Steps kept, in whole episodes; the oldest episodes make place for new ones. */
  readonly capacity: number;
  /** Numbers of an observation, of an action, and of what else is kept with each step. */
  readonly obsSize: number;
  readonly actionSize: number;
  readonly extraSize?: number;
  /**
   * α: an episode with the return R is drawn with the probability 0.1 / n + 0.9 e^(α R) / Z among n. 0 unless given: every
   * episode is as likely as any other.
   */
  readonly returnWeight?: number;
  /** The stream stretches are drawn with; its state is saved with the contents. */
  readonly random: Random;
}

/** One episode: `steps` rows each, one observation more. */
interface Episode {
  readonly steps: number;
  readonly obs: Float32Array;
  readonly action: Float32Array;
  readonly reward: Float32Array;
  readonly extra: Float32Array;
  readonly terminated: boolean;
}

/** Consecutive steps of an episode; the arrays are views of what is kept. */
export interface Stretch {
  readonly steps: number;
  /** (steps + 1, …obs): the last one is behind the last step. */
  readonly obs: Float32Array;
  /** (steps, action) */
  readonly action: Float32Array;
  /** (steps) */
  readonly reward: Float32Array;
  /** (steps, extra) */
  readonly extra: Float32Array;
  /** Whether the task ended with the last step. */
  readonly terminated: boolean;
}

/** The share of draws that do not look at returns. Source: Nachum et al. 2017. */
const uniformShare = 0.1;

export class EpisodicTrajectories implements Stateful {
  readonly capacity: number;
  readonly returnWeight: number;
  readonly #obsSize: number;
  readonly #actionSize: number;
  readonly #extraSize: number;
  readonly #random: Random;
  #episodes: Episode[] = [];
  /** e^(α (R − max R)) of each; null until they are wanted. */
  #weights: Float64Array | null = null;
  /** Steps in whole episodes. */
  #size = 0;
  // the episode under way, in arrays that grow
  #steps = 0;
  #obs: Float32Array;
  #action: Float32Array;
  #reward: Float32Array;
  #extra: Float32Array;

  /** @throws UsageError for a capacity that is no count, or a weight that is not finite */
  constructor({ capacity, obsSize, actionSize, extraSize = 0, returnWeight = 0, random }: EpisodicTrajectoriesOptions) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new UsageError(
        `replay: capacity must be a whole number of at least 1; got ${capacity}. Change replayCapacity.`,
      );
    }
    if (!Number.isFinite(returnWeight)) {
      throw new UsageError(`replay: returnWeight must be a finite number; got ${returnWeight}. 0 is uniform.`);
    }
    this.capacity = capacity;
    this.returnWeight = returnWeight;
    this.#obsSize = obsSize;
    this.#actionSize = actionSize;
    this.#extraSize = extraSize;
    this.#random = random;
    const room = 64;
    this.#obs = new Float32Array((room + 1) * obsSize);
    this.#action = new Float32Array(room * actionSize);
    this.#reward = new Float32Array(room);
    this.#extra = new Float32Array(room * extraSize);
  }

  /** Steps that can be drawn: those of whole episodes. */
  get size(): number {
    return this.#size;
  }

  /** One step of the running episode, which ends where either of the two flags is set. */
  append(
    obs: ArrayLike<number>,
    action: ArrayLike<number>,
    reward: number,
    nextObs: ArrayLike<number>,
    terminated: boolean,
    truncated: boolean,
    extra: ArrayLike<number> = [],
  ): void {
    if (obs.length !== this.#obsSize || action.length !== this.#actionSize || extra.length !== this.#extraSize) {
      throw new ShapeError(
        `replay: a step must have ${this.#obsSize}, ${this.#actionSize} and ${this.#extraSize} numbers of observation, action and extra; got ${obs.length}, ${action.length} and ${extra.length}. Compare them with the sizes given.`,
      );
    }
    const t = this.#steps;
    if (t === this.#reward.length) this.#grow();
    this.#obs.set(obs, t * this.#obsSize);
    this.#obs.set(nextObs, (t + 1) * this.#obsSize);
    this.#action.set(action, t * this.#actionSize);
    this.#reward[t] = reward;
    this.#extra.set(extra, t * this.#extraSize);
    this.#steps++;
    if (terminated || truncated) this.#keep(terminated);
  }

  #grow(): void {
    const larger = (old: Float32Array, length: number) => {
      const grown = new Float32Array(length);
      grown.set(old);
      return grown;
    };
    const room = 2 * this.#reward.length;
    this.#obs = larger(this.#obs, (room + 1) * this.#obsSize);
    this.#action = larger(this.#action, room * this.#actionSize);
    this.#reward = larger(this.#reward, room);
    this.#extra = larger(this.#extra, room * this.#extraSize);
  }

  #keep(terminated: boolean): void {
    const steps = this.#steps;
    this.#steps = 0;
    if (steps === 0) return;
    this.#episodes.push({
      steps,
      obs: this.#obs.slice(0, (steps + 1) * this.#obsSize),
      action: this.#action.slice(0, steps * this.#actionSize),
      reward: this.#reward.slice(0, steps),
      extra: this.#extra.slice(0, steps * this.#extraSize),
      terminated,
    });
    this.#weights = null;
    this.#size += steps;
    while (this.#size > this.capacity && this.#episodes.length > 1) this.#size -= this.#episodes.shift()!.steps;
  }

  /** The running episode was cut without an end: what was seen of it is kept. */
  stopEpisode(): void {
    this.#keep(false);
  }

  #weighEpisodes(): Float64Array {
    const returns = this.#episodes.map(({ reward }) => reward.reduce((sum, r) => sum + r, 0));
    const largest = returns.reduce((a, b) => Math.max(a, this.returnWeight * b), Number.NEGATIVE_INFINITY);
    return Float64Array.from(returns, (r) => Math.exp(this.returnWeight * r - largest));
  }

  #drawEpisode(): Episode {
    const { length } = this.#episodes;
    if (this.returnWeight === 0 || this.#random.random() < uniformShare) {
      return this.#episodes[this.#random.integer(length)]!;
    }
    this.#weights ??= this.#weighEpisodes();
    return this.#episodes[this.#random.choice(this.#weights)]!;
  }

  /** The probability of each whole episode, oldest first. */
  probabilities(): number[] {
    const weights = this.#weighEpisodes();
    const share = this.returnWeight === 0 ? 1 : uniformShare;
    const total = weights.reduce((a, b) => a + b, 0);
    return Array.from(weights, (weight) => share / weights.length + ((1 - share) * weight) / total);
  }

  /**
   * Steps of an episode: all of them, or where there are more, `longest` in a row, from every place as likely. It takes two
   * draws from the stream where every episode is as likely as any other, three else.
   * @throws UsageError while there is no whole episode
   */
  draw(longest: number): Stretch {
    const { length } = this.#episodes;
    if (length === 0) {
      throw new UsageError("replay: cannot draw a stretch from 0 episodes. Raise replayStartSize to at least 1.");
    }
    const episode = this.#drawEpisode();
    const steps = Math.min(episode.steps, longest);
    const start = this.#random.integer(episode.steps - steps + 1);
    const rows = (column: Float32Array, size: number, count: number) =>
      column.subarray(start * size, (start + count) * size);
    return {
      steps,
      obs: rows(episode.obs, this.#obsSize, steps + 1),
      action: rows(episode.action, this.#actionSize, steps),
      reward: rows(episode.reward, 1, steps),
      extra: rows(episode.extra, this.#extraSize, steps),
      terminated: episode.terminated && start + steps === episode.steps,
    };
  }

  /** Contents, running episode and random stream. */
  saveState(): State {
    const t = this.#steps;
    return {
      episodes: this.#episodes.map((episode) => ({ ...episode })),
      running: {
        steps: t,
        obs: this.#obs.slice(0, t === 0 ? 0 : (t + 1) * this.#obsSize),
        action: this.#action.slice(0, t * this.#actionSize),
        reward: this.#reward.slice(0, t),
        extra: this.#extra.slice(0, t * this.#extraSize),
      },
      random: { ...this.#random.saveState() },
    };
  }

  loadState(state: State): void {
    const { episodes, running, random } = state as unknown as {
      episodes: Episode[];
      running: Omit<Episode, "terminated">;
      random: RandomState;
    };
    this.#episodes = episodes.map((episode) => ({ ...episode }));
    this.#weights = null;
    this.#size = episodes.reduce((sum, { steps }) => sum + steps, 0);
    while (this.#reward.length < running.steps) this.#grow();
    this.#steps = running.steps;
    this.#obs.set(running.obs);
    this.#action.set(running.action);
    this.#reward.set(running.reward);
    this.#extra.set(running.extra);
    this.#random.loadState(random);
  }
}
