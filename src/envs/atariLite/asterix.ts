/**
 * Asterix: gold and enemies run through eight lanes; touch the gold (+1), not the enemies. Rules: MinAtar 1.0.15's.
 */
import { palette } from "../render/index.ts";
import { AtariLite, type AtariLiteOptions, boardSize, clamp, down, left, right, up } from "./atariLite.ts";

const player = 0;
const enemy = 1;
const trail = 2;
const gold = 3;
const rules = {
  channels: ["player", "enemy", "trail", "gold"],
  colours: [palette.skyBlue, palette.vermilion, palette.darkGrey, palette.yellow],
  minimalActions: [0, left, up, right, down],
};
const channels = rules.channels.length;
const last = boardSize - 1;

/** Lanes are rows 1 to 8; a lane holds one thing at most. */
const lanes = 8;
const nothing = 0;
/** Steps between one ramping and the next, but for the two in which the countdown turns. */
const rampSteps = 100;

const newGame = () => ({
  row: 5,
  column: 5,
  /** What runs in each lane: nothing, or the channel of its kind. */
  kinds: new Uint8Array(lanes),
  columns: new Int32Array(lanes),
  /** Columns a move, 1 or −1. */
  directions: new Int32Array(lanes),
  spawnInterval: 10,
  spawnCountdown: 10,
  moveInterval: 5,
  moveCountdown: 5,
  rampCountdown: rampSteps,
  rampLevel: 0,
});

export class Asterix extends AtariLite<ReturnType<typeof newGame>> {
  protected override game = newGame();

  constructor(options: AtariLiteOptions = {}) {
    super(rules, options);
  }

  override get rampLevel(): number {
    return this.game.rampLevel;
  }

  protected override begin(): void {
    this.game = newGame();
  }

  protected override play(code: number): number {
    const { game } = this;
    if (game.spawnCountdown === 0) {
      this.#spawn();
      game.spawnCountdown = game.spawnInterval;
    }
    if (code === left) game.column = clamp(game.column - 1, 0, last);
    else if (code === right) game.column = clamp(game.column + 1, 0, last);
    else if (code === up) game.row = clamp(game.row - 1, 1, lanes);
    else if (code === down) game.row = clamp(game.row + 1, 1, lanes);
    let reward = this.#touch();
    if (game.moveCountdown === 0) {
      game.moveCountdown = game.moveInterval;
      for (let lane = 0; lane < lanes; lane++) {
        if (game.kinds[lane] === nothing) continue;
        const column = game.columns[lane]! + game.directions[lane]!;
        game.columns[lane] = column;
        if (column < 0 || column > last) game.kinds[lane] = nothing;
      }
      reward += this.#touch();
    }
    game.spawnCountdown--;
    game.moveCountdown--;
    if (this.difficultyRamping && (game.spawnInterval > 1 || game.moveInterval > 1)) this.#ramp();
    return reward;
  }

  #spawn(): void {
    const { kinds, columns, directions } = this.game;
    const direction = this.random.random() < 1 / 2 ? 1 : -1;
    const kind = this.random.random() < 1 / 3 ? gold : enemy;
    let free = 0;
    for (let lane = 0; lane < lanes; lane++) if (kinds[lane] === nothing) free++;
    if (free === 0) return;
    let skip = this.random.integers(0, free);
    let lane = 0;
    while (kinds[lane] !== nothing || skip-- > 0) lane++;
    kinds[lane] = kind;
    columns[lane] = direction === 1 ? 0 : last;
    directions[lane] = direction;
  }

  /** The reward of what stands where the player stands. */
  #touch(): number {
    const { row, column, kinds, columns } = this.game;
    const lane = row - 1;
    if (kinds[lane] === nothing || columns[lane] !== column) return 0;
    if (kinds[lane] === enemy) {
      this.end();
      return 0;
    }
    kinds[lane] = nothing;
    return 1;
  }

  #ramp(): void {
    const { game } = this;
    if (game.rampCountdown >= 0) {
      game.rampCountdown--;
      return;
    }
    if (game.rampLevel % 2 === 1 && game.moveInterval > 1) game.moveInterval--;
    if (game.spawnInterval > 1) game.spawnInterval--;
    game.rampLevel++;
    game.rampCountdown = rampSteps;
  }

  protected override paint(cells: Uint8Array): void {
    const { row, column, kinds, columns, directions } = this.game;
    cells[(row * boardSize + column) * channels + player] = 1;
    for (let lane = 0; lane < lanes; lane++) {
      const kind = kinds[lane]!;
      if (kind === nothing) continue;
      const laneStart = (lane + 1) * boardSize;
      cells[(laneStart + columns[lane]!) * channels + kind] = 1;
      const behind = columns[lane]! - directions[lane]!;
      if (behind >= 0 && behind <= last) cells[(laneStart + behind) * channels + trail] = 1;
    }
  }
}
