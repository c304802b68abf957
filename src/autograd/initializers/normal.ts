import type { Initializer } from "./initializer.ts";

/** Normal numbers with mean 0 and the given standard deviation. */
export const normal =
  (scale = 0.05): Initializer =>
  (values, _shape, random) => {
    for (let i = 0; i < values.length; i++) values[i] = scale * random.normal();
  };
