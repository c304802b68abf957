import type { State } from "../../state.ts";
import { type Info, type ResetOptions, type StepResult, Wrapper } from "../env.ts";
import { actionNamed, livesIn } from "./atariEnv.ts";
import type { WrappableEnv } from "./requireBox.ts";

/**
 * The loss of a life terminates an episode; the game itself begins again only when it was over, or where a seed is given.
 * The environment tells its lives in `info.lives`.
 */
export class EpisodicLife<Obs> extends Wrapper<Obs, number> {
  readonly #noop: number;
  #lives = 0;
  /** Whether the game itself is over, or has never begun. */
  #isOver = true;

  /** @throws UsageError where there is no action NOOP */
  constructor(env: WrappableEnv) {
    super(env);
    this.#noop = actionNamed("EpisodicLife", env, "NOOP");
  }

  override reset(options: ResetOptions = {}): [obs: Obs, info: Info] {
    const [obs, info] = this.#begin(options);
    this.#lives = livesIn("EpisodicLife", this.env, info);
    this.#isOver = false;
    return [obs, info];
  }

  /** Without a seed the game goes on where a life was lost, by a step that does nothing. */
  #begin(options: ResetOptions): [obs: Obs, info: Info] {
    if (this.#isOver || options.seed !== undefined) return this.env.reset(options);
    const [obs, , terminated, truncated, info] = this.env.step(this.#noop);
    return terminated || truncated ? this.env.reset(options) : [obs, info];
  }

  override step(action: number): StepResult<Obs> {
    const result = this.env.step(action);
    this.#isOver = result[2] || result[3];
    const lives = livesIn("EpisodicLife", this.env, result[4]);
    // the last life's loss is the game's own affair: some go on for a moment
    if (lives < this.#lives && lives > 0) result[2] = true;
    this.#lives = lives;
    return result;
  }

  override saveState(): State {
    return { env: this.env.saveState(), lives: this.#lives, isOver: this.#isOver };
  }
  override loadState(state: State): void {
    super.loadState(state);
    const { lives, isOver } = state as { lives: number; isOver: boolean };
    this.#lives = lives;
    this.#isOver = isOver;
  }
}
