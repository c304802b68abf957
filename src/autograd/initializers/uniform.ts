import type { Initializer } from "./initializer.ts";

/** Uniform numbers in [−scale, scale). */
export const uniform =
  (scale = 0.05): Initializer =>
  (values, _shape, random) => {
    for (let i = 0; i < values.length; i++) values[i] = random.uniform(-scale, scale);
  };
