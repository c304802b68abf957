export type { Batch } from "./batchSpace.ts";
export { batchSpace, copyBatch, createBatch, getRow, setRow } from "./batchSpace.ts";
export { type LocalOptions, LocalVectorEnv } from "./localVectorEnv.ts";
export { type MakeVecOptions, makeVec, type VectorMode } from "./makeVec.ts";
export { type Rows, SingleRows } from "./rows.ts";
export { Transitions, transitionsOf } from "./transitions.ts";
export {
  type AutoresetMode,
  type VectorActions,
  VectorEnv,
  type VectorResetOptions,
  type VectorStepResult,
} from "./vectorEnv.ts";
export type { VectorInfos } from "./vectorInfos.ts";
