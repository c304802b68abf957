import type { Initializer } from "./initializer.ts";

/** Every number the same. */
export const constant =
  (value: number): Initializer =>
  (values) => {
    values.fill(value);
  };
