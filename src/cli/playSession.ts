/** One sitting of `rl play`: an environment, the keys pressed, and what is to be seen of it. */
import { type AnyEnv, toAnsi } from "../envs/node.ts";
import { UsageError } from "../errors.ts";
import { type Controls, controlsOf } from "./controls.ts";
import { short } from "./progress.ts";

export interface PlaySize {
  readonly columns: number;
  readonly lines: number;
}

export class PlaySession {
  readonly env: AnyEnv;
  readonly #where: string;
  readonly #controls: Controls;
  #seed: number | undefined;
  #obs: unknown;
  #steps = 0;
  #return = 0;
  #reward: number | null = null;
  #end: "terminated" | "truncated" | null = null;
  #episodes = 0;

  /** @throws UsageError where keys cannot give the environment's actions */
  constructor(where: string, env: AnyEnv, seed: number | undefined) {
    this.#where = where;
    this.env = env;
    this.#controls = controlsOf(where, env);
    this.#seed = seed;
    this.reset();
  }

  get hasEnded(): boolean {
    return this.#end !== null;
  }

  /** Begins an episode; only the first one takes the seed. */
  reset(): void {
    [this.#obs] = this.env.reset(this.#seed === undefined ? {} : { seed: this.#seed });
    this.#seed = undefined;
    this.#steps = 0;
    this.#return = 0;
    this.#reward = null;
    this.#end = null;
    this.#episodes++;
  }

  step(): void {
    const [obs, reward, terminated, truncated] = this.env.step(this.#controls.action);
    this.#obs = obs;
    this.#steps++;
    this.#reward = reward;
    this.#return += reward;
    this.#end = terminated ? "terminated" : truncated ? "truncated" : null;
  }

  /** @returns whether a step is wanted */
  press(key: string): boolean {
    if (key === "r") {
      this.reset();
      return false;
    }
    return this.#controls.press(key) === "step";
  }

  release(): void {
    this.#controls.release();
  }

  /**
   * A key of a script.
   * @returns the line that says what came of it, null where nothing did
   * @throws UsageError for a key without a meaning, and for a step after the end
   */
  play(key: string): string | null {
    if (key === "r") {
      this.reset();
      return "reset";
    }
    const pressed = this.#controls.press(key);
    if (pressed === "unknown") {
      throw new UsageError(
        `${this.#where}: a key must be one of ${this.#controls.legend.join("   ")}   r   q; got ${key}. Change --keys.`,
      );
    }
    if (pressed === "changed") return null;
    if (this.#end !== null) {
      throw new UsageError(
        `${this.#where}: an episode must be running; it ended at step ${this.#steps} (${this.#end}), got ${key}. Put r before it.`,
      );
    }
    this.step();
    return `action ${this.#controls.describe()}, ${this.status()}`;
  }

  /** `step 3, reward 1, return 3, terminated`. */
  status(): string {
    const reward = this.#reward === null ? [] : [`reward ${short(this.#reward)}`];
    return [`step ${this.#steps}`, ...reward, `return ${short(this.#return)}`, ...(this.#end ? [this.#end] : [])].join(
      ", ",
    );
  }

  /** The picture; the observation where there is none. */
  picture(size: PlaySize, coloured: boolean): string {
    if (this.env.metadata.renderModes.length > 0) return toAnsi(this.env.draw(), { ...size, coloured });
    const obs = ArrayBuffer.isView(this.#obs)
      ? `[${Array.from(this.#obs as Float64Array, short).join(" ")}]`
      : JSON.stringify(this.#obs);
    return `observation ${obs}`;
  }

  legend(): readonly string[] {
    return [...this.#controls.legend, "r: reset   q: quit"];
  }

  /** Everything a terminal shows, one string a line. */
  screen({ columns, lines }: PlaySize, coloured: boolean): readonly string[] {
    const below = [
      `${this.env.name}   episode ${this.#episodes}   ${this.status()}`,
      `next action ${this.#controls.describe()}`,
      ...(this.#end ? ["the episode is over: r begins another one"] : []),
      ...this.legend(),
    ];
    const cut = below.map((line) => line.slice(0, columns));
    return [...this.picture({ columns, lines: Math.max(4, lines - cut.length - 1) }, coloured).split("\n"), ...cut];
  }
}
