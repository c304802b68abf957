/** Pictures of environments: a list of shapes, and what is made of it. */
export { type AnsiOptions, toAnsi } from "./ansi.ts";
export { type Canvas2d, drawOnCanvas } from "./canvas.ts";
export { type DrawList, type Point, placed, type Shape } from "./drawList.ts";
export { type Frame, frameOf, type RenderMode, renderModes } from "./frame.ts";
export { toGif } from "./gif.ts";
export { palette } from "./palette.ts";
export { type RgbImage, toRgb } from "./raster.ts";
export { toSvg } from "./svg.ts";
