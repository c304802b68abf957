export { Categorical } from "./categorical.ts";
export { Deterministic } from "./deterministic.ts";
export type { Distribution } from "./distribution.ts";
export { Gaussian } from "./gaussian.ts";
export { Mellowmax, mellowmax } from "./mellowmax.ts";
export { SquashedGaussian, type Stretching } from "./squashedGaussian.ts";
