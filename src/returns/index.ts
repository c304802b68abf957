export * from "./bootstrapTarget.ts";
