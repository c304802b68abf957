import type { DrawList, Shape } from "./drawList.ts";

/** What a picture is drawn with: a `CanvasRenderingContext2D`, of a page or of an OffscreenCanvas. */
export type Canvas2d = Pick<
  CanvasRenderingContext2D,
  | "save"
  | "restore"
  | "scale"
  | "beginPath"
  | "closePath"
  | "moveTo"
  | "lineTo"
  | "arc"
  | "rect"
  | "fill"
  | "stroke"
  | "fillRect"
  | "fillText"
> & {
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  lineCap: string;
  lineJoin: string;
  font: string;
  textAlign: string;
  textBaseline: string;
};

function path(context: Canvas2d, shape: Exclude<Shape, { kind: "text" }>): void {
  context.beginPath();
  if (shape.kind === "rectangle") context.rect(shape.x, shape.y, shape.width, shape.height);
  else if (shape.kind === "circle") context.arc(shape.x, shape.y, shape.radius, 0, 2 * Math.PI);
  else {
    for (const [i, [x, y]] of shape.points.entries()) {
      if (i === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    if (shape.kind === "polygon") context.closePath();
  }
}

/** Draws the picture into the canvas' upper left corner, `scale` canvas pixels a unit. */
export function drawOnCanvas(context: Canvas2d, { width, height, background, shapes }: DrawList, scale = 1): void {
  context.save();
  context.scale(scale, scale);
  context.fillStyle = background;
  context.fillRect(0, 0, width, height);
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const shape of shapes) {
    if (shape.kind === "text") {
      const { x, y, text, size, fill, anchor = "middle" } = shape;
      context.font = `${size}px monospace`;
      context.textAlign = anchor === "middle" ? "center" : anchor;
      context.textBaseline = "middle";
      context.fillStyle = fill;
      context.fillText(text, x, y);
      continue;
    }
    path(context, shape);
    if (shape.kind !== "line" && shape.fill !== undefined) {
      context.fillStyle = shape.fill;
      context.fill();
    }
    if (shape.stroke !== undefined) {
      context.lineWidth = shape.strokeWidth ?? 1;
      context.strokeStyle = shape.stroke;
      context.stroke();
    }
  }
  context.restore();
}
