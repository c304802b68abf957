/** What a run counts between two steps. */
import type { EvaluationSummary } from "./events.ts";

/** Where the loop stands between two steps, besides the agent and the environments. */
export interface LoopState {
  step: number;
  episodes: number;
  /** Return of the last finished episode. */
  lastReturn: number | null;
  /** The step of the last progress line and of the last evaluation. */
  reportedAt: number;
  evaluatedAt: number;
  solved: boolean;
  best: { step: number; mean: number } | null;
  lastEvaluation: EvaluationSummary | null;
  /** Seconds of training before this process. */
  seconds: number;
}

export const initialLoopState = (): LoopState => ({
  step: 0,
  episodes: 0,
  lastReturn: null,
  reportedAt: 0,
  evaluatedAt: 0,
  solved: false,
  best: null,
  lastEvaluation: null,
  seconds: 0,
});
