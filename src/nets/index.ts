export * from "./actionValue.ts";
export * from "./distributions/index.ts";
export * from "./hiddenLayers.ts";
export * from "./mlp.ts";
export * from "./policy.ts";
export * from "./qFunction.ts";
export * from "./stateActionQ.ts";
export * from "./valueFunction.ts";
