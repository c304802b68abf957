/** The picture of both MountainCars. */
import { type DrawList, type Point, palette, placed } from "../render/index.ts";

const [width, height] = [600, 400];
const [minPosition, maxPosition] = [-1.2, 0.6];
/** Pixels a unit of position. */
const scale = width / (maxPosition - minPosition);

/** Height of the hill at a position: the curve whose slope pulls the car, sin 3x, laid into the picture. */
const hill = (position: number): number => Math.sin(3 * position) * 0.45 + 0.55;

const toPicture = (position: number): Point => [
  (position - minPosition) * scale,
  height - 40 - hill(position) * (0.75 * scale),
];

const curve: readonly Point[] = Array.from({ length: 91 }, (_, i) => toPicture(minPosition + i / 50));

/** The car in the valley, the flag at the goal. */
export function drawValley(position: number, goal: number): DrawList {
  const [x, y] = toPicture(position);
  const slope = Math.atan2(-3 * Math.cos(3 * position) * 0.45 * 0.75, 1);
  const put = (points: readonly Point[]) => placed(points, slope, x, y);
  const body: Point[] = [
    [-22, -9],
    [-22, -18],
    [-13, -27],
    [9, -27],
    [16, -18],
    [22, -18],
    [22, -9],
  ];
  const wheels = put([
    [-12, -8],
    [12, -8],
  ]);
  const [flagX, flagY] = toPicture(goal);
  return {
    width,
    height,
    background: palette.paper,
    shapes: [
      { kind: "polygon", points: [...curve, [width, height], [0, height]], fill: palette.lightGrey },
      { kind: "line", points: curve, stroke: palette.darkGrey, strokeWidth: 3 },
      {
        kind: "line",
        points: [
          [flagX, flagY],
          [flagX, flagY - 50],
        ],
        stroke: palette.black,
        strokeWidth: 2,
      },
      {
        kind: "polygon",
        points: [
          [flagX, flagY - 50],
          [flagX + 26, flagY - 41],
          [flagX, flagY - 32],
        ],
        fill: palette.vermilion,
      },
      { kind: "polygon", points: put(body), fill: palette.blue },
      ...wheels.map(([cx, cy]) => ({ kind: "circle", x: cx, y: cy, radius: 8, fill: palette.black }) as const),
    ],
  };
}
