/**
 * Blackjack against a dealer who draws up to 17, from a deck that never ends.
 *
 * Source: Sutton & Barto, "Reinforcement Learning: An Introduction", 2nd edition, example 5.1; draws in the order of
 * Gymnasium's Blackjack-v1.
 */

import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { Env, type Info, noInfo, type ResetOptions, type StepResult } from "../env.ts";
import type { EnvRandom } from "../npRandom.ts";
import { type DrawList, renderModes } from "../render/index.ts";
import { Discrete, Tuple } from "../spaces/index.ts";
import { drawBlackjack } from "./drawBlackjack.ts";

/** Values of the 13 cards, the ace first, then 2 to 10, jack, queen, king. */
const deck = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10];
const drawCard = (random: EnvRandom): number => deck[random.choice(deck.length)]!;

const sum = (hand: readonly number[]): number => hand.reduce((a, b) => a + b, 0);
/** Whether an ace may count 11. */
const hasUsableAce = (hand: readonly number[]): boolean => hand.includes(1) && sum(hand) + 10 <= 21;
const count = (hand: readonly number[]): number => sum(hand) + (hasUsableAce(hand) ? 10 : 0);
/** A hand above 21 is worth nothing. */
const score = (hand: readonly number[]): number => (count(hand) > 21 ? 0 : count(hand));
const isNatural = (hand: readonly number[]): boolean => hand.length === 2 && hand.includes(1) && hand.includes(10);

export interface BlackjackOptions {
  /** A win with an ace and a ten pays 1.5. */
  readonly natural?: boolean;
  /** The rules of Sutton & Barto: an ace and a ten win unless the dealer has them, too; `natural` is ignored then. */
  readonly sab?: boolean;
}

/** The player's sum, the dealer's open card (1: ace), and whether the player has an ace that counts 11. */
type Obs = [sum: number, dealer: number, usableAce: number];

export class Blackjack extends Env<Obs, number> {
  override metadata = { renderModes, renderFps: 4 };
  override readonly actionMeanings = ["stick", "hit"];
  readonly observationSpace = new Tuple([new Discrete(32), new Discrete(11), new Discrete(2)]);
  /** 0: stick, 1: hit. */
  readonly actionSpace = new Discrete(2);
  readonly #natural: boolean;
  readonly #sab: boolean;
  #player: number[] = [];
  #dealer: number[] = [];
  /** Whether the dealer shows both cards. */
  #hasEnded = false;

  constructor({ natural = false, sab = false }: BlackjackOptions = {}) {
    super();
    this.#natural = natural;
    this.#sab = sab;
  }

  override reset({ seed, options }: ResetOptions = {}): [obs: Obs, info: Info] {
    const unknown = Object.keys(options ?? {})[0];
    if (unknown !== undefined) {
      throw new UsageError(`Blackjack.reset: there are no options; got ${unknown}. Leave it out.`);
    }
    this.seedRandom(seed);
    this.#hasEnded = false;
    const { random } = this;
    this.#dealer = [drawCard(random), drawCard(random)];
    this.#player = [drawCard(random), drawCard(random)];
    // suit and face of the open card, which a picture of the table would show, are drawn there, too
    random.choice(4);
    if (this.#dealer[0] === 10) random.choice(3);
    return [this.#observe(), noInfo];
  }

  override step(action: number): StepResult<Obs> {
    if (action !== 0 && action !== 1) {
      throw new UsageError(`Blackjack.step: the action must be 0 (stick) or 1 (hit); got ${String(action)}.`);
    }
    if (action === 1) {
      this.#player.push(drawCard(this.random));
      const isBust = count(this.#player) > 21;
      this.#hasEnded = isBust;
      return [this.#observe(), isBust ? -1 : 0, isBust, false, noInfo];
    }
    this.#hasEnded = true;
    while (count(this.#dealer) < 17) this.#dealer.push(drawCard(this.random));
    return [this.#observe(), this.#outcome(), true, false, noInfo];
  }

  #outcome(): number {
    const reward = Math.sign(score(this.#player) - score(this.#dealer));
    if (!isNatural(this.#player)) return reward;
    if (this.#sab) return isNatural(this.#dealer) ? reward : 1;
    return this.#natural && reward === 1 ? 1.5 : reward;
  }

  #observe(): Obs {
    return [count(this.#player), this.#dealer[0]!, Number(hasUsableAce(this.#player))];
  }

  override draw(): DrawList {
    return drawBlackjack(this.#player, this.#dealer, count(this.#player), this.#hasEnded);
  }

  override saveState(): State {
    const [player, dealer] = [[...this.#player], [...this.#dealer]];
    return { base: super.saveState(), player, dealer, hasEnded: this.#hasEnded };
  }

  override loadState(saved: State): void {
    const { base, player, dealer, hasEnded } = saved as {
      base: State;
      player: number[];
      dealer: number[];
      hasEnded: boolean;
    };
    super.loadState(base);
    this.#hasEnded = hasEnded;
    this.#player = [...player];
    this.#dealer = [...dealer];
  }
}
