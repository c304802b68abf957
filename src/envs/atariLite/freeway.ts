/**
 * Freeway: a chicken crosses eight lanes of cars in 2,501 steps, +1 a crossing; a car sends it back to the start. Rules:
 * MinAtar 1.0.15's.
 */
import { palette } from "../render/index.ts";
import { AtariLite, type AtariLiteOptions, boardSize, clamp, down, up } from "./atariLite.ts";

const chicken = 0;
const car = 1;
/** Channels 2 to 6 hold the trails of cars of slowness 1 to 5. */
const firstSpeed = 2;
const rules = {
  channels: ["chicken", "car", "speed1", "speed2", "speed3", "speed4", "speed5"],
  colours: [
    palette.yellow,
    palette.white,
    palette.vermilion,
    palette.purple,
    palette.blue,
    palette.green,
    palette.grey,
  ],
  minimalActions: [0, up, down],
};
const channels = rules.channels.length;
const last = boardSize - 1;

/** Cars drive in rows 1 to 8. */
const cars = 8;
const chickenColumn = 4;
const restSteps = 3;

const newGame = () => ({
  row: last,
  restCountdown: restSteps,
  stepsLeft: 2500,
  columns: new Int32Array(cars),
  /** Columns a move, 1 or −1. */
  directions: new Int32Array(cars),
  /** Steps a car stands between two moves, 1 to 5. */
  slowness: new Int32Array(cars),
  countdowns: new Int32Array(cars),
});

export class Freeway extends AtariLite<ReturnType<typeof newGame>> {
  protected override game = newGame();

  constructor(options: AtariLiteOptions = {}) {
    super(rules, options);
  }

  protected override begin(): void {
    this.game = newGame();
    this.#drawSpeeds();
  }

  #drawSpeeds(): void {
    const { directions, slowness, countdowns } = this.game;
    for (let i = 0; i < cars; i++) {
      slowness[i] = this.random.integers(1, 6);
      countdowns[i] = slowness[i]!;
    }
    for (let i = 0; i < cars; i++) directions[i] = this.random.random() < 1 / 2 ? -1 : 1;
  }

  protected override play(code: number): number {
    const { game } = this;
    const { columns, directions, slowness, countdowns } = game;
    if (game.restCountdown === 0 && (code === up || code === down)) {
      game.restCountdown = restSteps;
      game.row = clamp(game.row + (code === up ? -1 : 1), 0, last);
    }
    let reward = 0;
    if (game.row === 0) {
      reward = 1;
      this.#drawSpeeds();
      game.row = last;
    }
    for (let i = 0; i < cars; i++) {
      const row = i + 1;
      if (columns[i] === chickenColumn && row === game.row) game.row = last;
      if (countdowns[i] !== 0) {
        countdowns[i]!--;
        continue;
      }
      countdowns[i] = slowness[i]!;
      columns[i] = (columns[i]! + directions[i]! + boardSize) % boardSize;
      if (columns[i] === chickenColumn && row === game.row) game.row = last;
    }
    if (game.restCountdown > 0) game.restCountdown--;
    game.stepsLeft--;
    if (game.stepsLeft < 0) this.end();
    return reward;
  }

  protected override paint(cells: Uint8Array): void {
    const { row, columns, directions, slowness } = this.game;
    cells[(row * boardSize + chickenColumn) * channels + chicken] = 1;
    for (let i = 0; i < cars; i++) {
      const rowStart = (i + 1) * boardSize;
      const behind = (columns[i]! - directions[i]! + boardSize) % boardSize;
      cells[(rowStart + columns[i]!) * channels + car] = 1;
      cells[(rowStart + behind) * channels + firstSpeed + slowness[i]! - 1] = 1;
    }
  }
}
