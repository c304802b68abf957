export * from "./actorCriticLoss.ts";
export * from "./bootstrapTarget.ts";
export { clippedPolicyLoss, clippedValueLoss } from "./clippedObjective.ts";
export { generalizedAdvantages, lambdaReturns } from "./lambdaReturns.ts";
export { pathConsistency } from "./pathConsistency.ts";
export { retrace } from "./retrace.ts";
export { standardize, stepMean, stepVariance } from "./standardize.ts";
export type { Trajectories } from "./trajectories.ts";
export { trustRegionStep } from "./trustRegion.ts";
