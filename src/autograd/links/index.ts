export * from "./chain.ts";
export * from "./dropout.ts";
export * from "./embedId.ts";
export * from "./layerNormalization.ts";
export * from "./linear.ts";
export { Link, makeParameter } from "./link.ts";
export * from "./noisyLinear.ts";
