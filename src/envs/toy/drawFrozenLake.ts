import { type DrawList, palette, type Shape } from "../render/index.ts";
import { field, fieldSize, label, looking, walker } from "./drawGrid.ts";

/** Where actions 0 to 3 look. */
const angles = [looking.left, looking.down, looking.right, looking.up];
const colours: Readonly<Record<string, string>> = { H: palette.blue, G: palette.green };

/**
 * The lake: ice, holes, start and goal, and the walker.
 *
 * @param desc rows of S, F, H and G
 * @param state row × columns + column
 * @param lastAction where the walker looks; null before the first step
 */
export function drawFrozenLake(desc: readonly string[], state: number, lastAction: number | null): DrawList {
  const columns = desc[0]!.length;
  const letters = [...desc.join("")];
  const shapes = letters.flatMap((letter, i): Shape[] => {
    const ground = field(i, columns, colours[letter] ?? "#e8f4fb");
    if (letter === "F") return [ground];
    return [ground, label(i, columns, letter, letter === "S" ? palette.black : palette.white)];
  });
  shapes.push(...walker(state, columns, lastAction === null ? null : angles[lastAction]!));
  return { width: columns * fieldSize, height: desc.length * fieldSize, background: palette.paper, shapes };
}
