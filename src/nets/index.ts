export * from "./actionValue.ts";
export * from "./convolutionHead.ts";
export * from "./mlp.ts";
export * from "./qFunction.ts";
