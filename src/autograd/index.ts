/** The engine: Variables, operations, links, initializers, optimizers, serialisers. */
import "../device.ts"; // installs the CPU as the device that runs until another is opened

export type { Kernel } from "../kernel/backend.ts";
export {
  colIndex,
  constant as constantExpression,
  Expression,
  input,
  rowLen,
  rowMax,
  rowSum,
  scalar,
  select,
  stop,
} from "../kernel/expression.ts";
export { grad } from "./backward.ts";
export { copyRows, writeRows } from "./copyRows.ts";
export { type AnyOp, defineOp, type Op, type OpDefinition } from "./defineOp.ts";
export { type FlatKernel, flatKernel } from "./flatKernel.ts";
export { FlatParameters } from "./flatParameters.ts";
export { type FunctionHook, finiteCheck, withHook } from "./functionNode.ts";
export { doubleGradientCheck, type GradientCheckOptions, gradientCheck } from "./gradientCheck.ts";
export { graph } from "./graph.ts";
export { MemoryHook, PrintHook, TimerHook } from "./hooks.ts";
export * from "./initializers/index.ts";
export * from "./links/index.ts";
export * from "./ops/index.ts";
export * from "./optimizers/index.ts";
export { Parameter } from "./parameter.ts";
export { fetchParameters, putParameters } from "./parameterTransfer.ts";
export { PersistentValue } from "./persistentValue.ts";
export { PublishedParameters } from "./publishedParameters.ts";
export { RandomStream } from "./randomStream.ts";
export { arenaBytes, evalMode, forceBackprop, isLearning, isTraining, noBackprop, scope, trainMode } from "./scope.ts";
export * from "./serializers/index.ts";
export { SharedParameters } from "./sharedParameters.ts";
export {
  full,
  memoryGeneration,
  type NestedNumbers,
  ones,
  persistent,
  persistentParts,
  type Shape,
  Variable,
  type Version,
  variable,
  zeros,
} from "./variable.ts";
