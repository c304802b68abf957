/**
 * A picture as a list of shapes, from which every renderer makes its own form.
 *
 * Unit: one pixel of the picture at scale 1; (0, 0) is the upper left corner, x goes right, y goes down. Colours are
 * `#rrggbb`. Later shapes lie over earlier ones.
 */

export type Point = readonly [x: number, y: number];

/** How a closed shape is painted: inside, along its border, or both. */
interface Paint {
  readonly fill?: string;
  readonly stroke?: string;
  /** 1 unless given. */
  readonly strokeWidth?: number;
}

export interface Rectangle extends Paint {
  readonly kind: "rectangle";
  /** The upper left corner. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Circle extends Paint {
  readonly kind: "circle";
  /** The centre. */
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** A line through points, with round joints and ends. */
export interface Line {
  readonly kind: "line";
  readonly points: readonly Point[];
  readonly stroke: string;
  /** 1 unless given. */
  readonly strokeWidth?: number;
}

export interface Polygon extends Paint {
  readonly kind: "polygon";
  readonly points: readonly Point[];
}

/** One line of text, its middle at the height y. */
export interface Text {
  readonly kind: "text";
  readonly x: number;
  readonly y: number;
  readonly text: string;
  /** Height of a line. */
  readonly size: number;
  readonly fill: string;
  /** What lies at x: the text's start, its middle (unless given), or its end. */
  readonly anchor?: "start" | "middle" | "end";
}

export type Shape = Rectangle | Circle | Line | Polygon | Text;

export interface DrawList {
  /** Size of the picture. */
  readonly width: number;
  readonly height: number;
  readonly background: string;
  readonly shapes: readonly Shape[];
}

/** Turns points around (0, 0) by an angle in radians, clockwise on the screen, and then moves them. */
export function placed(points: readonly Point[], angle: number, x: number, y: number): Point[] {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return points.map(([px, py]) => [x + cos * px - sin * py, y + sin * px + cos * py]);
}
