export * from "./actionValue.ts";
export * from "./dense.ts";
export * from "./discreteQFunction.ts";
export * from "./duelingQFunction.ts";
export * from "./mlp.ts";
export * from "./qFunction.ts";
