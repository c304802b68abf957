export * from "./constant.ts";
export * from "./identity.ts";
export type { Initializer } from "./initializer.ts";
export * from "./normal.ts";
export * from "./orthogonal.ts";
export * from "./uniform.ts";
export {
  type FanMode,
  fanInUniform,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  leCunNormal,
  leCunUniform,
  varianceScaling,
} from "./varianceScaling.ts";
