import { type DrawList, type Point, palette, type Shape } from "../render/index.ts";
import { field, fieldSize, middleOf } from "./drawGrid.ts";

const size = 5;
/** The four places with their names and colours, and the letters of the reference; the names tell them apart too. */
const places = [
  { name: "R", at: 0, fill: palette.vermilion },
  { name: "G", at: 4, fill: palette.green },
  { name: "Y", at: 20, fill: palette.yellow },
  { name: "B", at: 23, fill: palette.skyBlue },
] as const;
/** Fields with a wall on their right. */
const walls = [1, 6, 15, 17, 20, 22];
/** The passenger's place while in the taxi. */
const inTaxi = 4;

/** A person: head and shoulders. */
const person = (x: number, y: number): Shape[] => [
  { kind: "rectangle", x: x - 7, y: y + 1, width: 14, height: 12, fill: palette.purple, stroke: palette.black },
  { kind: "circle", x, y: y - 5, radius: 6, fill: palette.purple, stroke: palette.black },
];

/**
 * The city with its four places, the destination framed, the taxi, and the passenger waiting or driven.
 *
 * @param state ((row × 5 + column) × 5 + passenger) × 4 + destination
 */
export function drawTaxi(state: number): DrawList {
  const [taxi, passenger, destination] = [Math.floor(state / 20), Math.floor(state / 4) % 5, state % 4];
  const shapes: Shape[] = Array.from({ length: size * size }, (_, i) => field(i, size, palette.white));
  for (const [i, { name, at, fill }] of places.entries()) {
    const [x, y] = middleOf(at, size);
    shapes.push(field(at, size, fill));
    shapes.push({ kind: "text", x: x - 16, y: y - 14, text: name, size: 16, fill: palette.black });
    if (i !== destination) continue;
    const [left, top, side] = [x - 26, y - 26, 52];
    shapes.push({
      kind: "rectangle",
      x: left,
      y: top,
      width: side,
      height: side,
      stroke: palette.black,
      strokeWidth: 4,
    });
  }
  for (const wall of walls) {
    const [x, y] = middleOf(wall, size);
    const points: Point[] = [
      [x + fieldSize / 2, y - fieldSize / 2],
      [x + fieldSize / 2, y + fieldSize / 2],
    ];
    shapes.push({ kind: "line", points, stroke: palette.black, strokeWidth: 5 });
  }
  if (passenger !== inTaxi) {
    const [x, y] = middleOf(places[passenger]!.at, size);
    shapes.push(...person(x + 13, y - 14));
  }
  const [x, y] = middleOf(taxi, size);
  // in the car: it hides all but the head
  if (passenger === inTaxi) shapes.push(...person(x, y - 12));
  const roof: Point[] = [
    [x - 12, y - 2],
    [x - 7, y - 12],
    [x + 7, y - 12],
    [x + 12, y - 2],
  ];
  shapes.push(
    { kind: "polygon", points: roof, fill: palette.orange, stroke: palette.black },
    { kind: "rectangle", x: x - 20, y: y - 2, width: 40, height: 14, fill: palette.orange, stroke: palette.black },
    { kind: "circle", x: x - 11, y: y + 13, radius: 5, fill: palette.black },
    { kind: "circle", x: x + 11, y: y + 13, radius: 5, fill: palette.black },
  );
  return { width: size * fieldSize, height: size * fieldSize, background: palette.paper, shapes };
}
