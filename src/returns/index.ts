export * from "./advantageLearning.ts";
export * from "./bootstrapTarget.ts";
export * from "./categoricalProjection.ts";
export * from "./dynamicPolicyProgramming.ts";
export * from "./quantileHuberLoss.ts";
