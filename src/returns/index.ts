export * from "./advantageLearning.ts";
export * from "./bootstrapTarget.ts";
export * from "./dynamicPolicyProgramming.ts";
