/** Windows that slide over planes of numbers: the geometry of convolution and pooling. */

/** (height, width) planes and the windows over them; pairs are (vertical, horizontal). */
export interface Windows {
  readonly height: number;
  readonly width: number;
  /** Elements of a window. */
  readonly kernel: readonly [number, number];
  /** From one window to the next. */
  readonly stride: readonly [number, number];
  /** Rows above and columns before the plane that the first windows cover. */
  readonly padding: readonly [number, number];
  /** From one element of a window to the next. */
  readonly dilation: readonly [number, number];
  readonly outHeight: number;
  readonly outWidth: number;
}

/**
 * x (batch, channels, height, width), w (outChannels, channels / groups, …kernel), y (batch, outChannels, outHeight,
 * outWidth): group g of y's channels sees group g of x's.
 */
export interface Convolution extends Windows {
  readonly batch: number;
  readonly channels: number;
  readonly outChannels: number;
  readonly groups: number;
}

/** Elements of the plane from the first of a window to its last, both included. */
export const reach = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1;

/**
 * Calls the body for every element of every window that lies within the plane: `at` counts the plane's elements,
 * `window` the windows, `tap` the elements of the window.
 */
export function forEachTap(windows: Windows, body: (at: number, window: number, tap: number) => void): void {
  const { height, width, kernel, stride, padding, dilation, outHeight, outWidth } = windows;
  for (let oy = 0; oy < outHeight; oy++) {
    for (let ox = 0; ox < outWidth; ox++) {
      for (let ky = 0; ky < kernel[0]; ky++) {
        for (let kx = 0; kx < kernel[1]; kx++) {
          const iy = oy * stride[0] + ky * dilation[0] - padding[0];
          const ix = ox * stride[1] + kx * dilation[1] - padding[1];
          if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
          body(iy * width + ix, oy * outWidth + ox, ky * kernel[1] + kx);
        }
      }
    }
  }
}
