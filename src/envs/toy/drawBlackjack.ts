import { type DrawList, palette, type Shape } from "../render/index.ts";

/** Pixels of a card, and from one to the next. */
const card = { width: 50, height: 70, step: 60 };
const margin = 20;

/** A card with its value, ace as A; face down without one. */
function cardAt(x: number, y: number, value: number | null): Shape[] {
  const { width, height } = card;
  const fill = value === null ? palette.blue : palette.white;
  const paper: Shape = { kind: "rectangle", x, y, width, height, fill, stroke: palette.black, strokeWidth: 2 };
  if (value === null) return [paper];
  const text = value === 1 ? "A" : String(value);
  return [paper, { kind: "text", x: x + width / 2, y: y + height / 2, text, size: 30, fill: palette.black }];
}

/**
 * The table: the dealer's cards above, all but the first face down until the dealer has played, and the player's below
 * with their sum.
 *
 * @param player values of the player's cards, 1 for an ace
 * @param dealer values of the dealer's
 * @param sum what the player's cards count
 * @param hasDealerPlayed whether all the dealer's cards are shown
 */
export function drawBlackjack(
  player: readonly number[],
  dealer: readonly number[],
  sum: number,
  hasDealerPlayed: boolean,
): DrawList {
  const most = Math.max(5, player.length, dealer.length);
  const shapes: Shape[] = [];
  const heading = (y: number, text: string) => {
    shapes.push({ kind: "text", x: margin, y, text, size: 20, fill: palette.white, anchor: "start" });
  };
  const row = (y: number, values: readonly (number | null)[]) => {
    for (const [i, value] of values.entries()) shapes.push(...cardAt(margin + i * card.step, y, value));
  };
  heading(24, "Dealer");
  row(
    44,
    dealer.map((value, i) => (i === 0 || hasDealerPlayed ? value : null)),
  );
  heading(140, `Player: ${sum}`);
  row(160, player);
  return { width: 2 * margin + most * card.step - 10, height: 250, background: "#00573f", shapes };
}
