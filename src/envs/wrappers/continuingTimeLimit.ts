import type { StepResult } from "../env.ts";
import { TimeLimit } from "./timeLimit.ts";

/**
 * A time limit for tasks without an end, as ChainerRL's: `info.needsReset` says that the limit was reached. `truncated`
 * says the same, so that training loops which only know the two flags begin another episode.
 */
export class ContinuingTimeLimit<Obs, Act> extends TimeLimit<Obs, Act> {
  override step(action: Act): StepResult<Obs> {
    const result = super.step(action);
    if (result[3]) result[4] = { ...result[4], needsReset: true };
    return result;
  }
}
