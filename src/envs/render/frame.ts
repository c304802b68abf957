/** The forms a picture can be asked for, by the name that `make(id, { renderMode })` takes. */
import { toAnsi } from "./ansi.ts";
import type { DrawList } from "./drawList.ts";
import { type RgbImage, toRgb } from "./raster.ts";
import { toSvg } from "./svg.ts";

const renderers = {
  drawList: (list: DrawList): DrawList => list,
  svg: toSvg,
  rgbArray: (list: DrawList): RgbImage => toRgb(list),
  ansi: (list: DrawList): string => toAnsi(list),
} as const;

export type RenderMode = keyof typeof renderers;
export type Frame = ReturnType<(typeof renderers)[RenderMode]>;

export const renderModes = Object.keys(renderers) as readonly RenderMode[];

/** The picture in the form asked for. */
export const frameOf = (list: DrawList, mode: RenderMode): Frame => renderers[mode](list);
