/** What the pictures of environments on a grid have in common. */
import { type Point, palette, placed, type Shape } from "../render/index.ts";

/** Pixels of a field's side. */
export const fieldSize = 60;

/** The middle of a field. */
export const middleOf = (state: number, columns: number): Point => [
  ((state % columns) + 0.5) * fieldSize,
  (Math.floor(state / columns) + 0.5) * fieldSize,
];

/** A field in a colour. */
export function field(state: number, columns: number, fill: string): Shape {
  const [x, y] = middleOf(state, columns);
  const corner = fieldSize / 2;
  return {
    kind: "rectangle",
    x: x - corner,
    y: y - corner,
    width: fieldSize,
    height: fieldSize,
    fill,
    stroke: palette.grey,
  };
}

/** A letter or word in the middle of a field. */
export function label(state: number, columns: number, text: string, fill: string = palette.black): Shape {
  const [x, y] = middleOf(state, columns);
  return { kind: "text", x, y, text, size: 20, fill };
}

/** Somebody who looks in a direction: a disc with a point. */
export function walker(state: number, columns: number, angle: number | null): Shape[] {
  const [x, y] = middleOf(state, columns);
  const body: Shape = { kind: "circle", x, y, radius: 16, fill: palette.orange, stroke: palette.black, strokeWidth: 2 };
  if (angle === null) return [body];
  const point: Point[] = [
    [5, -8],
    [13, 0],
    [5, 8],
  ];
  return [body, { kind: "polygon", points: placed(point, angle, x, y), fill: palette.black }];
}

/** Angles of looking right, down, left and up, clockwise as the screen has them. */
export const looking = { right: 0, down: Math.PI / 2, left: Math.PI, up: -Math.PI / 2 } as const;
