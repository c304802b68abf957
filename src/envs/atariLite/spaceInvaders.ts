/**
 * Space Invaders: shoot the aliens (+1 each) before a shot, or they themselves, reach the cannon. Rules: MinAtar 1.0.15's.
 */
import { palette } from "../render/index.ts";
import { AtariLite, type AtariLiteOptions, boardSize, clamp, fire, left, right } from "./atariLite.ts";

const cannon = 0;
const alien = 1;
const alienLeft = 2;
const alienRight = 3;
const friendlyBullet = 4;
const enemyBullet = 5;
const rules = {
  channels: ["cannon", "alien", "alien_left", "alien_right", "friendly_bullet", "enemy_bullet"],
  colours: [palette.skyBlue, palette.orange, palette.orange, palette.yellow, palette.white, palette.vermilion],
  minimalActions: [0, left, right, fire],
};
const channels = rules.channels.length;
const last = boardSize - 1;
const reloadSteps = 5;
const shotInterval = 10;
const firstWaveInterval = 12;
const lastWaveInterval = 6;
const waveSize = 24;

/** Which columns of a row are taken: bit c for column c. A board has one such mask a row. */
const noBits = () => new Int32Array(boardSize);
const bit = (column: number): number => 1 << column;
const columnOf = (lowestBit: number): number => 31 - Math.clz32(lowestBit);

/** Aliens in rows 0 to 3, columns 2 to 7. */
const fillWave = (aliens: Int32Array): Int32Array => aliens.fill(0b0011111100, 0, 4);

const newGame = () => ({
  cannon: 5,
  reloadCountdown: 0,
  aliens: fillWave(noBits()),
  alienCount: waveSize,
  bullets: noBits(),
  alienBullets: noBits(),
  /** Columns a move of the aliens, 1 or −1. */
  direction: -1,
  /** Steps between two moves of a dozen aliens or more. */
  waveInterval: firstWaveInterval,
  moveCountdown: firstWaveInterval,
  shotCountdown: shotInterval,
  rampLevel: 0,
});

/** The board one row on; what leaves it is gone. */
function moveUp(board: Int32Array): void {
  for (let row = 0; row < last; row++) board[row] = board[row + 1]!;
  board[last] = 0;
}
function moveDown(board: Int32Array): void {
  for (let row = last; row > 0; row--) board[row] = board[row - 1]!;
  board[0] = 0;
}

/** All columns with something in them. */
function columnsOf(board: Int32Array): number {
  let columns = 0;
  for (let row = 0; row < boardSize; row++) columns |= board[row]!;
  return columns;
}

export class SpaceInvaders extends AtariLite<ReturnType<typeof newGame>> {
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
    const { aliens, bullets, alienBullets } = game;
    if (code === fire && game.reloadCountdown === 0) {
      bullets[last]! |= bit(game.cannon);
      game.reloadCountdown = reloadSteps;
    } else if (code === left) game.cannon = clamp(game.cannon - 1, 0, last);
    else if (code === right) game.cannon = clamp(game.cannon + 1, 0, last);
    moveUp(bullets);
    moveDown(alienBullets);
    if (alienBullets[last]! & bit(game.cannon)) this.end();
    this.#testLanding();
    if (game.moveCountdown === 0) this.#moveAliens();
    if (game.shotCountdown === 0) {
      game.shotCountdown = shotInterval;
      this.#shoot();
    }
    let reward = 0;
    for (let row = 0; row < boardSize; row++) {
      const hits = aliens[row]! & bullets[row]!;
      aliens[row]! ^= hits;
      bullets[row]! ^= hits;
      for (let rest = hits; rest !== 0; rest &= rest - 1) reward++;
    }
    game.alienCount -= reward;
    if (game.reloadCountdown > 0) game.reloadCountdown--;
    game.moveCountdown--;
    game.shotCountdown--;
    if (game.alienCount === 0) this.#nextWave();
    return reward;
  }

  /** An alien where the cannon is ends the episode. */
  #testLanding(): void {
    if (this.game.aliens[last]! & bit(this.game.cannon)) this.end();
  }

  #moveAliens(): void {
    const { game } = this;
    const { aliens, direction } = game;
    game.moveCountdown = Math.min(game.alienCount, game.waveInterval);
    if (columnsOf(aliens) & bit(direction === -1 ? 0 : last)) {
      game.direction = -direction;
      const lowest = aliens[last]!;
      if (lowest !== 0) this.end();
      moveDown(aliens);
      aliens[0] = lowest; // seen in the last step only
    } else {
      for (let row = 0; row < boardSize; row++) {
        aliens[row] = direction === 1 ? aliens[row]! << 1 : aliens[row]! >> 1;
      }
    }
    this.#testLanding();
  }

  /** The lowest alien in the column nearest to the cannon shoots, of two columns as near the left one's. */
  #shoot(): void {
    const { aliens, alienBullets, cannon } = this.game;
    const columns = columnsOf(aliens);
    let distance = 0;
    while (!(columns & (bit(cannon + distance) | (bit(cannon) >> distance)))) distance++;
    const column = (bit(cannon) >> distance) & columns || bit(cannon + distance);
    let row = last;
    while (!(aliens[row]! & column)) row--;
    alienBullets[row]! |= column;
  }

  #nextWave(): void {
    const { game } = this;
    if (this.difficultyRamping && game.waveInterval > lastWaveInterval) {
      game.waveInterval--;
      game.rampLevel++;
    }
    fillWave(game.aliens);
    game.alienCount = waveSize;
  }

  protected override paint(cells: Uint8Array): void {
    const { game } = this;
    cells[(last * boardSize + game.cannon) * channels + cannon] = 1;
    paintBoard(cells, game.aliens, alien);
    paintBoard(cells, game.aliens, game.direction === -1 ? alienLeft : alienRight);
    paintBoard(cells, game.bullets, friendlyBullet);
    paintBoard(cells, game.alienBullets, enemyBullet);
  }
}

function paintBoard(cells: Uint8Array, board: Int32Array, channel: number): void {
  for (let row = 0; row < boardSize; row++) {
    for (let rest = board[row]!; rest !== 0; rest &= rest - 1) {
      cells[(row * boardSize + columnOf(rest & -rest)) * channels + channel] = 1;
    }
  }
}
