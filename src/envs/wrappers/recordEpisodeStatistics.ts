import type { State } from "../../state.ts";
import { type Info, type ResetOptions, type StepResult, Wrapper } from "../env.ts";

/** What `info.episode` holds at the end of an episode. */
export interface EpisodeStatistics {
  /** The return: the sum of rewards. */
  readonly r: number;
  /** Length in steps. */
  readonly l: number;
  /** Seconds since the episode began. */
  readonly t: number;
}

/** Adds `info.episode` = {r, l, t} to the last step of each episode, as Gymnasium does. */
export class RecordEpisodeStatistics<Obs, Act> extends Wrapper<Obs, Act> {
  /** Finished episodes. */
  episodeCount = 0;
  #return = 0;
  #length = 0;
  #began = performance.now();

  override reset(options: ResetOptions = {}): [obs: Obs, info: Info] {
    this.#return = 0;
    this.#length = 0;
    this.#began = performance.now();
    return this.env.reset(options);
  }

  override step(action: Act): StepResult<Obs> {
    const result = this.env.step(action);
    this.#return += result[1];
    this.#length++;
    if (result[2] || result[3]) {
      const seconds = Math.round((performance.now() - this.#began) * 1000) / 1e6;
      const episode: EpisodeStatistics = { r: this.#return, l: this.#length, t: seconds };
      result[4] = { ...result[4], episode };
      this.episodeCount++;
    }
    return result;
  }

  override saveState(): State {
    const { episodeCount } = this;
    return { env: this.env.saveState(), return: this.#return, length: this.#length, episodeCount };
  }
  override loadState(state: State): void {
    super.loadState(state);
    const saved = state as { return: number; length: number; episodeCount: number };
    this.#return = saved.return;
    this.#length = saved.length;
    this.episodeCount = saved.episodeCount;
    this.#began = performance.now();
  }
}
