/**
 * AtariLite: five games on a board of 10 × 10 cells, with the dynamics of MinAtar 1.0.15 (Young & Tian 2019, "MinAtar: An
 * Atari-inspired testbed for thorough and reproducible reinforcement learning experiments"), written from a description
 * of its behaviour. For a seed the episodes are MinAtar's, draw for draw. This file is what the games share.
 *
 * Difference from MinAtar: the action that a sticky step repeats outlives a reset, as there, but not a reset with a
 * seed, so that a seed alone decides the episode.
 */
import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { Env, type Info, noInfo, type ResetOptions, type StepResult } from "../env.ts";
import type { EnvRandom } from "../npRandom.ts";
import { RandomState } from "../randomState.ts";
import { type DrawList, palette, renderModes, type Shape } from "../render/index.ts";
import { Box, Discrete } from "../spaces/index.ts";

/** Rows and columns of every board. */
export const boardSize = 10;

/** Actions by their code, the same in every game; one that means nothing in a game acts as noop. */
export const actionNames = ["noop", "left", "up", "right", "down", "fire"] as const;
export const noop = 0;
export const left = 1;
export const up = 2;
export const right = 3;
export const down = 4;
export const fire = 5;

export interface AtariLiteOptions {
  /** How likely a step repeats the last step's action instead of the given one. */
  readonly stickyActionProbability?: number;
  /** Asterix, Seaquest and SpaceInvaders get harder; Breakout and Freeway take the option and stay as they are. */
  readonly difficultyRamping?: boolean;
  /** Offer the actions that mean something in the game (version 1), or all six (version 0). */
  readonly minimalActionSet?: boolean;
}

/** Side of a cell in pictures. */
const cellPixels = 40;

/** What a game is to the outside. */
export interface GameRules {
  /** Names of the observation's channels, in order. */
  readonly channels: readonly string[];
  /** What they are painted with. */
  readonly colours: readonly string[];
  /** Codes of the actions that mean something, in the order in which version 1 numbers them. */
  readonly minimalActions: readonly number[];
}

/** Row or column after a move, held on the board. */
export const clamp = (place: number, first: number, last: number): number =>
  place < first ? first : place > last ? last : place;

/**
 * A game. `Game` is all that its steps depend on, as one object of numbers, booleans and typed arrays: it is what a
 * saved state holds.
 *
 * Observations are `(row, column, channel)` of 0 and 1. A step after the episode's end changes nothing, gives reward 0
 * and is terminated again; `make` refuses it.
 */
export abstract class AtariLite<Game extends object = object> extends Env<Uint8Array, number> {
  override metadata = { renderModes, renderFps: 10 };
  readonly observationSpace: Box<"uint8">;
  readonly actionSpace: Discrete;
  override readonly actionMeanings: readonly string[];
  /** Names of the observation's channels, in order. */
  readonly channels: readonly string[];
  protected readonly difficultyRamping: boolean;
  protected abstract game: Game;
  readonly #colours: readonly string[];
  readonly #stickyActionProbability: number;
  /** The code of each action offered. */
  readonly #codes: readonly number[];
  /** The code that was carried out last. */
  #lastCode = noop;
  #isOver = true;
  #buffers: [Uint8Array, Uint8Array] | null = null;

  constructor({ channels, colours, minimalActions }: GameRules, options: AtariLiteOptions) {
    super();
    const { stickyActionProbability = 0.1, difficultyRamping = true, minimalActionSet = true } = options;
    if (!(stickyActionProbability >= 0 && stickyActionProbability <= 1)) {
      throw new UsageError(
        `AtariLite: stickyActionProbability must be a number from 0 to 1; got ${stickyActionProbability}. Change stickyActionProbability.`,
      );
    }
    this.#stickyActionProbability = stickyActionProbability;
    this.difficultyRamping = difficultyRamping;
    this.channels = channels;
    this.#colours = colours;
    this.#codes = minimalActionSet ? minimalActions : actionNames.map((_, code) => code);
    this.actionMeanings = this.#codes.map((code) => actionNames[code]!);
    this.observationSpace = new Box(0, 1, { shape: [boardSize, boardSize, channels.length], dtype: "uint8" });
    this.actionSpace = new Discrete(this.#codes.length);
  }

  /** How often the game has become harder in this episode; null where it never does. */
  get rampLevel(): number | null {
    return null;
  }

  /** Sets up a new game. */
  protected abstract begin(): void;

  /** Plays one step of a running game; calls `end` where it is lost. Returns the reward. */
  protected abstract play(code: number): number;

  /** Sets the cells that are on, at (10 · row + column) · channels + channel. The others are 0 already. */
  protected abstract paint(cells: Uint8Array): void;

  /** Ends the episode; what is left of the step runs all the same. */
  protected end(): void {
    this.#isOver = true;
  }

  protected override makeRandom(seed?: number): EnvRandom {
    return new RandomState(seed);
  }

  override reset({ seed, options = {} }: ResetOptions = {}): [obs: Uint8Array, info: Info] {
    const unknown = Object.keys(options)[0];
    if (unknown !== undefined) {
      throw new UsageError(`${this.name}.reset: options must be empty; got ${unknown}. Leave it out.`);
    }
    this.seedRandom(seed);
    if (seed !== undefined) this.#lastCode = noop;
    this.#isOver = false;
    this.begin();
    return [this.#observe(), noInfo];
  }

  override step(action: number): StepResult<Uint8Array> {
    const code = this.#codes[action];
    if (code === undefined) this.#refuse(action);
    // the draw is made whatever the probability is
    if (!(this.random.random() < this.#stickyActionProbability)) this.#lastCode = code;
    const reward = this.#isOver ? 0 : this.play(this.#lastCode);
    return [this.#observe(), reward, this.#isOver, false, noInfo];
  }

  #refuse(action: unknown): never {
    const meanings = this.actionMeanings.map((meaning, i) => `${i} (${meaning})`);
    throw new UsageError(
      `${this.name}.step: the action must be ${meanings.slice(0, -1).join(", ")} or ${meanings.at(-1)}; got ${String(action)}.`,
    );
  }

  #observe(): Uint8Array {
    const size = boardSize * boardSize * this.channels.length;
    let cells: Uint8Array;
    if (this.reuseObs) {
      this.#buffers ??= [new Uint8Array(size), new Uint8Array(size)];
      this.#buffers.reverse();
      cells = this.#buffers[0].fill(0);
    } else {
      cells = new Uint8Array(size);
    }
    this.paint(cells);
    return cells;
  }

  /** Each cell in the colour of its last channel that is on. */
  override draw(): DrawList {
    const channels = this.channels.length;
    const cells = new Uint8Array(boardSize * boardSize * channels);
    this.paint(cells);
    const shapes: Shape[] = [];
    for (let cell = 0; cell < boardSize * boardSize; cell++) {
      const channel = cells.subarray(cell * channels, (cell + 1) * channels).lastIndexOf(1);
      if (channel < 0) continue;
      const [x, y] = [(cell % boardSize) * cellPixels, Math.floor(cell / boardSize) * cellPixels];
      shapes.push({ kind: "rectangle", x, y, width: cellPixels, height: cellPixels, fill: this.#colours[channel]! });
    }
    const size = boardSize * cellPixels;
    return { width: size, height: size, background: palette.black, shapes };
  }

  override saveState(): State {
    const game = structuredClone(this.game) as unknown as State;
    return { base: super.saveState(), game, lastCode: this.#lastCode, isOver: this.#isOver };
  }

  override loadState(state: State): void {
    const saved = state as unknown as { base: State; game: Game; lastCode: number; isOver: boolean };
    super.loadState(saved.base);
    Object.assign(this.game, structuredClone(saved.game));
    this.#lastCode = saved.lastCode;
    this.#isOver = saved.isOver;
  }
}
