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
const cells = boardSize * boardSize;
/** The first cell of the cannon's row. */
const ground = last * boardSize;

const reloadSteps = 5;
const shotInterval = 10;
const firstWaveInterval = 12;
const lastWaveInterval = 6;
const waveSize = 24;

/** Aliens in rows 0 to 3, columns 2 to 7. */
function fillWave(aliens: Uint8Array): void {
  for (let row = 0; row < 4; row++) aliens.fill(1, row * boardSize + 2, row * boardSize + 8);
}

const newGame = () => {
  const game = {
    cannon: 5,
    reloadCountdown: 0,
    /** One a cell, as are the bullets of both sides. */
    aliens: new Uint8Array(cells),
    alienCount: waveSize,
    bullets: new Uint8Array(cells),
    alienBullets: new Uint8Array(cells),
    /** Columns a move of the aliens, 1 or −1. */
    direction: -1,
    /** Steps between two moves of a dozen aliens or more. */
    waveInterval: firstWaveInterval,
    moveCountdown: firstWaveInterval,
    shotCountdown: shotInterval,
    rampLevel: 0,
  };
  fillWave(game.aliens);
  return game;
};

/** The board one row on; what leaves it is gone. */
function moveUp(board: Uint8Array): void {
  board.copyWithin(0, boardSize);
  board.fill(0, ground);
}
function moveDown(board: Uint8Array): void {
  board.copyWithin(boardSize, 0, ground);
  board.fill(0, 0, boardSize);
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
      bullets[ground + game.cannon] = 1;
      game.reloadCountdown = reloadSteps;
    } else if (code === left) game.cannon = clamp(game.cannon - 1, 0, last);
    else if (code === right) game.cannon = clamp(game.cannon + 1, 0, last);
    moveUp(bullets);
    moveDown(alienBullets);
    if (alienBullets[ground + game.cannon] === 1) this.end();
    this.#testLanding();
    if (game.moveCountdown === 0) this.#moveAliens();
    if (game.shotCountdown === 0) {
      game.shotCountdown = shotInterval;
      alienBullets[this.#shooter()] = 1;
    }
    let reward = 0;
    for (let cell = 0; cell < cells; cell++) {
      if (aliens[cell] === 1 && bullets[cell] === 1) {
        aliens[cell] = 0;
        bullets[cell] = 0;
        reward++;
      }
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
    if (this.game.aliens[ground + this.game.cannon] === 1) this.end();
  }

  #moveAliens(): void {
    const { game } = this;
    const { aliens, direction } = game;
    game.moveCountdown = Math.min(game.alienCount, game.waveInterval);
    const edge = direction === -1 ? 0 : last;
    let isAtEdge = false;
    for (let row = 0; row < boardSize; row++) isAtEdge ||= aliens[row * boardSize + edge] === 1;
    if (isAtEdge) {
      game.direction = -direction;
      const lowest = aliens.slice(ground);
      if (lowest.includes(1)) this.end();
      moveDown(aliens);
      aliens.set(lowest); // seen in the last step only
    } else if (direction === 1) {
      // the column they move towards is empty, so no row runs into the next
      aliens.copyWithin(1, 0, cells - 1);
      aliens[0] = 0;
    } else {
      aliens.copyWithin(0, 1);
      aliens[cells - 1] = 0;
    }
    this.#testLanding();
  }

  /** The cell of the lowest alien in the column nearest to the cannon, of two as near the left one. */
  #shooter(): number {
    const { aliens, cannon } = this.game;
    for (let distance = 0; ; distance++) {
      for (let column = cannon - distance; column <= cannon + distance; column += 2 * distance || 1) {
        if (column < 0 || column > last) continue;
        for (let cell = ground + column; cell >= 0; cell -= boardSize) if (aliens[cell] === 1) return cell;
      }
    }
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

  protected override paint(out: Uint8Array): void {
    const { game } = this;
    const { aliens, bullets, alienBullets } = game;
    out[(ground + game.cannon) * channels + cannon] = 1;
    const heading = game.direction === -1 ? alienLeft : alienRight;
    for (let cell = 0; cell < cells; cell++) {
      const at = cell * channels;
      out[at + alien] = aliens[cell]!;
      out[at + heading] = aliens[cell]!;
      out[at + friendlyBullet] = bullets[cell]!;
      out[at + enemyBullet] = alienBullets[cell]!;
    }
  }
}
