import type { Variable } from "../variable.ts";
import { mean } from "./mean.ts";
import { square } from "./square.ts";

/** The mean of (a − b)² over all elements, (). */
export const meanSquaredError = (a: Variable, b: Variable): Variable => mean(square(a.sub(b)));
