import { type DrawList, palette, type Shape } from "../render/index.ts";
import { field, fieldSize, label, looking, walker } from "./drawGrid.ts";

const [rows, columns] = [4, 12];
const start = (rows - 1) * columns;
const goal = rows * columns - 1;
/** Where actions 0 to 3 look. */
const angles = [looking.up, looking.right, looking.down, looking.left];

/**
 * The way along the cliff, and the walker.
 *
 * @param state row × 12 + column
 * @param lastAction where the walker looks; null before the first step
 */
export function drawCliffWalking(state: number, lastAction: number | null): DrawList {
  const shapes = Array.from({ length: rows * columns }, (_, i): Shape => {
    const isCliff = i > start && i < goal;
    return field(i, columns, isCliff ? palette.darkGrey : i === goal ? palette.green : palette.white);
  });
  shapes.push(label(start, columns, "S"), label(goal, columns, "G", palette.white));
  shapes.push(label(start + 5, columns, "cliff", palette.white));
  shapes.push(...walker(state, columns, lastAction === null ? null : angles[lastAction]!));
  return { width: columns * fieldSize, height: rows * fieldSize, background: palette.paper, shapes };
}
