import type { State } from "../../state.ts";
import { type Info, type ResetOptions, type StepResult, Wrapper } from "../env.ts";
import type { WrappableEnv } from "./requireBox.ts";

/** One episode, or what was played of it. */
export interface MonitoredEpisode {
  readonly return: number;
  readonly length: number;
  /** How it ended; `reset` where its player began another one before its end. */
  readonly end: "terminated" | "truncated" | "reset";
}

export interface MonitorOptions {
  /** Called with each episode. */
  readonly onEpisode?: (episode: MonitoredEpisode) => void;
}

/** Keeps a list of all episodes, those among them that were reset before their end, as ChainerRL's Monitor. */
export class Monitor<Obs, Act> extends Wrapper<Obs, Act> {
  #episodes: MonitoredEpisode[] = [];
  readonly #onEpisode: (episode: MonitoredEpisode) => void;
  #return = 0;
  #length = 0;

  constructor(env: WrappableEnv, { onEpisode = () => {} }: MonitorOptions = {}) {
    super(env);
    this.#onEpisode = onEpisode;
  }

  get episodes(): readonly MonitoredEpisode[] {
    return this.#episodes;
  }

  override reset(options: ResetOptions = {}): [obs: Obs, info: Info] {
    if (this.#length > 0) this.#end("reset");
    return this.env.reset(options);
  }

  override step(action: Act): StepResult<Obs> {
    const result = this.env.step(action);
    this.#return += result[1];
    this.#length++;
    if (result[2] || result[3]) this.#end(result[2] ? "terminated" : "truncated");
    return result;
  }

  #end(end: MonitoredEpisode["end"]): void {
    const episode = { return: this.#return, length: this.#length, end };
    this.#episodes.push(episode);
    this.#return = 0;
    this.#length = 0;
    this.#onEpisode(episode);
  }

  override saveState(): State {
    const episodes = this.#episodes.map((episode) => ({ ...episode }));
    return { env: this.env.saveState(), episodes, return: this.#return, length: this.#length };
  }
  override loadState(state: State): void {
    super.loadState(state);
    const saved = state as { episodes: readonly State[]; return: number; length: number };
    this.#episodes = saved.episodes.map((episode) => ({ ...(episode as object) }) as MonitoredEpisode);
    this.#return = saved.return;
    this.#length = saved.length;
  }
}
