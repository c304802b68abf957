/** Searching hyperparameters: the course of a sweep, without the files and processes that the command line gives it. */
export { importanceOf } from "./importance.ts";
export { isBelowMedian, type Pruner, promotion, pruners, rungSteps } from "./pruning.ts";
export {
  type Launch,
  type RunEnd,
  type RunRequest,
  rungsOf,
  runSweep,
  type SweepCourse,
  type SweepPlan,
  suggest,
  trialsOf,
} from "./runSweep.ts";
export {
  type Dimension,
  gridAt,
  gridSize,
  parseSearch,
  placeOf,
  searchText,
  usualSearch,
  type Values,
  valueAt,
} from "./searchSpace.ts";
export { type Algorithm, algorithms, drawRandom, drawTpe } from "./suggest.ts";
export { compareScores, type Score, type SweepLine, SweepState, type Trial } from "./sweepState.ts";
