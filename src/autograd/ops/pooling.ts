import type { Variable } from "../variable.ts";
import { argMax } from "./argMax.ts";
import { mean } from "./mean.ts";
import { selectItem } from "./selectItem.ts";
import { type Pair, poolingGeometry, type WindowOptions } from "./windowGeometry.ts";
import { takeWindows } from "./windows.ts";

export interface PoolingOptions extends WindowOptions {
  /** Whether a last window that only begins inside of x counts too. True unless given, as in Chainer. */
  readonly coverAll?: boolean;
}

/**
 * y (batch, channels, outHeight, outWidth): the largest element of each window of x (batch, channels, height, width).
 * The gradient goes to the first of equal ones. Windows are a kernel apart unless a stride is given.
 */
export function maxPooling2d(x: Variable, kernel: Pair, options: PoolingOptions = {}): Variable {
  const { coverAll = true } = options;
  const windows = takeWindows(
    x,
    poolingGeometry("maxPooling2d", x.shape, kernel, options, coverAll),
    Number.NEGATIVE_INFINITY,
  );
  return selectItem(windows, argMax(windows));
}

/** The mean of each window of x (batch, channels, height, width), zeros around included, as in Chainer. */
export function averagePooling2d(x: Variable, kernel: Pair, options: WindowOptions = {}): Variable {
  return mean(takeWindows(x, poolingGeometry("averagePooling2d", x.shape, kernel, options, false), 0), -1);
}
