/** A game as Atari's are: an image in colour, lives, actions called NOOP and FIRE. A ball falls; three misses end it. */
import { Box, Discrete, Env, type Info, type ResetOptions, type StepResult } from "../../src/envs/index.ts";
import type { State } from "../../src/state.ts";

const [height, width] = [12, 8];

export class TinyAtari extends Env<Uint8Array, number> {
  readonly observationSpace = new Box(0, 255, { shape: [height, width, 3], dtype: "uint8" });
  readonly actionSpace = new Discrete(4);
  override readonly actionMeanings = ["NOOP", "FIRE", "RIGHT", "LEFT"];
  #ball = [0, 0] as [number, number];
  #paddle = 3;
  #lives = 3;

  override reset({ seed }: ResetOptions = {}): [obs: Uint8Array, info: Info] {
    this.seedRandom(seed);
    this.#lives = 3;
    this.#paddle = 3;
    this.#drop();
    return [this.#observe(), { lives: this.#lives }];
  }

  override step(action: number): StepResult<Uint8Array> {
    if (action >= 2) this.#paddle = Math.min(width - 1, Math.max(0, this.#paddle + (action === 2 ? 1 : -1)));
    this.#ball[0]++;
    let reward = 0;
    if (this.#ball[0] === height - 1) {
      const isCaught = Math.abs(this.#ball[1] - this.#paddle) <= 1;
      reward = isCaught ? 7 : 0;
      if (!isCaught) this.#lives--;
      this.#drop();
    }
    return [this.#observe(), reward, this.#lives === 0, false, { lives: this.#lives }];
  }

  #drop(): void {
    this.#ball = [0, this.random.integers(0, width)];
  }

  #observe(): Uint8Array {
    const image = new Uint8Array(height * width * 3);
    image.set([255, 0, 0], 3 * (this.#ball[0] * width + this.#ball[1]));
    image.set([0, 255, 0], 3 * ((height - 1) * width + this.#paddle));
    return image;
  }

  override saveState(): State {
    return { base: super.saveState(), ball: [...this.#ball], paddle: this.#paddle, lives: this.#lives };
  }
  override loadState(state: State): void {
    const saved = state as { base: State; ball: [number, number]; paddle: number; lives: number };
    super.loadState(saved.base);
    this.#ball = [...saved.ball];
    this.#paddle = saved.paddle;
    this.#lives = saved.lives;
  }
}
