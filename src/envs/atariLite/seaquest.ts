/**
 * Seaquest: a submarine shoots fish and submarines (+1 each), takes divers on board, and comes up for air; with six divers
 * that is worth what is left of the air. Rules: MinAtar 1.0.15's.
 */
import { palette } from "../render/index.ts";
import { AtariLite, type AtariLiteOptions, boardSize, clamp, down, fire, left, right, up } from "./atariLite.ts";
import { add, advance, type Movers, noMovers, oldestAt, remove } from "./movers.ts";

const subFront = 0;
const subBack = 1;
const friendlyBullet = 2;
const trail = 3;
const enemyBullet = 4;
const enemyFish = 5;
const enemySub = 6;
const oxygenGauge = 7;
const diverGauge = 8;
const diver = 9;
const rules = {
  channels: [
    "sub_front",
    "sub_back",
    "friendly_bullet",
    "trail",
    "enemy_bullet",
    "enemy_fish",
    "enemy_sub",
    "oxygen_guage",
    "diver_guage",
    "diver",
  ],
  colours: [
    palette.skyBlue,
    palette.blue,
    palette.white,
    palette.darkGrey,
    palette.yellow,
    palette.orange,
    palette.vermilion,
    palette.green,
    palette.purple,
    palette.purple,
  ],
  minimalActions: [0, left, up, right, down, fire],
};
const channels = rules.channels.length;
const last = boardSize - 1;
/** The player stays above row 9, which holds the gauges. */
const lowestRow = 8;

const fullOxygen = 200;
/** Oxygen a cell of the gauge stands for. */
const gaugeCell = 20;
const fullCrew = 6;
const reloadSteps = 5;
const shotInterval = 10;
const diverInterval = 30;
const diverSlowness = 5;
const leastSlowness = 2;

const start = {
  row: 0,
  column: 5,
  /** 1 right, −1 left. */
  facing: -1,
  oxygen: fullOxygen,
  /** Divers on board; a surfacing costs one even where there is none. */
  crew: 0,
  /** The player is at the surface and has been dealt with there. */
  hasSurfaced: true,
  reloadCountdown: 0,
  enemyInterval: 20,
  enemyCountdown: 20,
  diverCountdown: diverInterval,
  /** Steps an enemy stands between two moves. */
  enemySlowness: 5,
  rampLevel: 0,
};

const emptyWater = () => ({
  bullets: noMovers(),
  enemyBullets: noMovers(),
  fish: noMovers(),
  subs: noMovers(),
  divers: noMovers(),
});

export class Seaquest extends AtariLite<typeof start & ReturnType<typeof emptyWater>> {
  protected override game = { ...start, ...emptyWater() };

  constructor(options: AtariLiteOptions = {}) {
    super(rules, options);
  }

  override get rampLevel(): number {
    return this.game.rampLevel;
  }

  protected override begin(): void {
    const { game } = this;
    Object.assign(game, start);
    // arrays of this size cost more than a step to make
    for (const movers of [game.bullets, game.enemyBullets, game.fish, game.subs, game.divers]) movers.count = 0;
  }

  protected override play(code: number): number {
    const { game } = this;
    if (game.enemyCountdown === 0) {
      this.#spawnEnemy();
      game.enemyCountdown = game.enemyInterval;
    }
    if (game.diverCountdown === 0) {
      this.#spawnDiver();
      game.diverCountdown = diverInterval;
    }
    this.#steer(code);
    let reward = this.#moveBullets();
    this.#moveDivers();
    reward += this.#moveSubs();
    this.#moveEnemyBullets();
    reward += this.#moveFish();
    if (game.enemyCountdown > 0) game.enemyCountdown--;
    if (game.diverCountdown > 0) game.diverCountdown--;
    if (game.reloadCountdown > 0) game.reloadCountdown--;
    if (game.oxygen <= 0) this.end();
    if (game.row > 0) {
      game.oxygen--;
      game.hasSurfaced = false;
    } else if (!game.hasSurfaced) {
      if (game.crew === 0) this.end();
      else reward += this.#surface();
    }
    return reward;
  }

  /** An enemy of the other direction in the row keeps a new one out, after all three draws. */
  #spawnEnemy(): void {
    const { fish, subs, enemySlowness } = this.game;
    const direction = this.random.random() < 1 / 2 ? 1 : -1;
    const isSub = this.random.random() < 1 / 3;
    const row = this.random.integers(1, 9);
    for (let i = 0; i < fish.count; i++) if (fish.rows[i] === row && fish.directions[i] !== direction) return;
    for (let i = 0; i < subs.count; i++) if (subs.rows[i] === row && subs.directions[i] !== direction) return;
    const column = direction === 1 ? 0 : last;
    if (isSub) add(subs, row, column, direction, enemySlowness, shotInterval);
    else add(fish, row, column, direction, enemySlowness);
  }

  #spawnDiver(): void {
    const direction = this.random.random() < 1 / 2 ? 1 : -1;
    const row = this.random.integers(1, 9);
    add(this.game.divers, row, direction === 1 ? 0 : last, direction, diverSlowness);
  }

  #steer(code: number): void {
    const { game } = this;
    if (code === fire && game.reloadCountdown === 0) {
      add(game.bullets, game.row, game.column, game.facing);
      game.reloadCountdown = reloadSteps;
    } else if (code === left || code === right) {
      game.facing = code === left ? -1 : 1;
      game.column = clamp(game.column + game.facing, 0, last);
    } else if (code === up) game.row = clamp(game.row - 1, 0, lowestRow);
    else if (code === down) game.row = clamp(game.row + 1, 0, lowestRow);
  }

  #isAtPlayer(movers: Movers, i: number): boolean {
    return movers.rows[i] === this.game.row && movers.columns[i] === this.game.column;
  }

  /** A bullet hits one enemy: the oldest fish in its cell, or else the oldest submarine. */
  #moveBullets(): number {
    const { bullets, fish, subs } = this.game;
    let reward = 0;
    for (let i = bullets.count - 1; i >= 0; i--) {
      if (!advance(bullets, i)) {
        remove(bullets, i);
        continue;
      }
      const [row, column] = [bullets.rows[i]!, bullets.columns[i]!];
      let enemies = fish;
      let hit = oldestAt(enemies, row, column);
      if (hit < 0) {
        enemies = subs;
        hit = oldestAt(enemies, row, column);
      }
      if (hit < 0) continue;
      remove(enemies, hit);
      remove(bullets, i);
      reward++;
    }
    return reward;
  }

  #moveDivers(): void {
    const { divers } = this.game;
    for (let i = divers.count - 1; i >= 0; i--) {
      if (this.#pickUp(i)) continue;
      if (divers.moveCountdowns[i] !== 0) {
        divers.moveCountdowns[i]!--;
        continue;
      }
      divers.moveCountdowns[i] = diverSlowness;
      if (!advance(divers, i)) remove(divers, i);
      else this.#pickUp(i);
    }
  }

  /** Takes a diver on board who is where the player is; false where there is none or no room. */
  #pickUp(i: number): boolean {
    const { game } = this;
    if (game.crew >= fullCrew || !this.#isAtPlayer(game.divers, i)) return false;
    remove(game.divers, i);
    game.crew++;
    return true;
  }

  /** Contact, move and contact of one enemy; true where it is gone from the board, shot or not. */
  #swim(enemies: Movers, i: number): boolean {
    const { enemySlowness } = this.game;
    if (this.#isAtPlayer(enemies, i)) this.end();
    if (enemies.moveCountdowns[i] !== 0) {
      enemies.moveCountdowns[i]!--;
      return false;
    }
    enemies.moveCountdowns[i] = enemySlowness;
    if (!advance(enemies, i)) return true;
    if (this.#isAtPlayer(enemies, i)) {
      this.end();
      return false;
    }
    return this.#isHit(enemies, i);
  }

  /** Whether a bullet is where an enemy has moved to; it is used up. */
  #isHit(enemies: Movers, i: number): boolean {
    const { bullets } = this.game;
    const hit = oldestAt(bullets, enemies.rows[i]!, enemies.columns[i]!);
    if (hit < 0) return false;
    remove(bullets, hit);
    return true;
  }

  /** One that is gone fires all the same where its shot is due. */
  #moveSubs(): number {
    const { subs, bullets, enemyBullets } = this.game;
    const loaded = bullets.count;
    for (let i = subs.count - 1; i >= 0; i--) {
      const isGone = this.#swim(subs, i);
      if (subs.shotCountdowns[i] === 0) {
        subs.shotCountdowns[i] = shotInterval;
        add(enemyBullets, subs.rows[i]!, subs.columns[i]!, subs.directions[i]!);
      } else subs.shotCountdowns[i]!--;
      if (isGone) remove(subs, i);
    }
    return loaded - bullets.count;
  }

  #moveEnemyBullets(): void {
    const { enemyBullets } = this.game;
    for (let i = enemyBullets.count - 1; i >= 0; i--) {
      if (this.#isAtPlayer(enemyBullets, i)) this.end();
      if (!advance(enemyBullets, i)) remove(enemyBullets, i);
      else if (this.#isAtPlayer(enemyBullets, i)) this.end();
    }
  }

  #moveFish(): number {
    const { fish, bullets } = this.game;
    const loaded = bullets.count;
    for (let i = fish.count - 1; i >= 0; i--) if (this.#swim(fish, i)) remove(fish, i);
    return loaded - bullets.count;
  }

  /** Fresh air, the price of one diver, and harder times; the reward of a full crew. */
  #surface(): number {
    const { game } = this;
    game.hasSurfaced = true;
    let reward = 0;
    if (game.crew === fullCrew) {
      reward = Math.floor(game.oxygen / gaugeCell);
      game.crew = 0;
    }
    game.oxygen = fullOxygen;
    game.crew--;
    if (this.difficultyRamping && (game.enemyInterval > 1 || game.enemySlowness > leastSlowness)) {
      if (game.rampLevel % 2 === 1 && game.enemySlowness > leastSlowness) game.enemySlowness--;
      if (game.enemyInterval > 1) game.enemyInterval--;
      game.rampLevel++;
    }
    return reward;
  }

  protected override paint(cells: Uint8Array): void {
    const { game } = this;
    const set = (row: number, column: number, channel: number) => {
      cells[(row * boardSize + column) * channels + channel] = 1;
    };
    set(game.row, game.column, subFront);
    set(game.row, game.column - game.facing, subBack);
    this.#paintMovers(cells, game.bullets, friendlyBullet, false);
    this.#paintMovers(cells, game.enemyBullets, enemyBullet, false);
    this.#paintMovers(cells, game.fish, enemyFish, true);
    this.#paintMovers(cells, game.subs, enemySub, true);
    this.#paintMovers(cells, game.divers, diver, true);
    const air = Math.floor(Math.max(0, game.oxygen) / gaugeCell);
    for (let column = 0; column < air; column++) set(last, column, oxygenGauge);
    for (let column = last - game.crew; column < last; column++) set(last, column, diverGauge);
  }

  #paintMovers(cells: Uint8Array, movers: Movers, channel: number, hasTrail: boolean): void {
    for (let i = 0; i < movers.count; i++) {
      const rowStart = movers.rows[i]! * boardSize;
      const column = movers.columns[i]!;
      cells[(rowStart + column) * channels + channel] = 1;
      const behind = column - movers.directions[i]!;
      if (hasTrail && behind >= 0 && behind <= last) cells[(rowStart + behind) * channels + trail] = 1;
    }
  }
}
