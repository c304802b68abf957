/** What is known about the environments of runs that are only looked at. */
import { isPython, listEnvs, spec } from "../envs/node.ts";

/** The return at which an environment counts as solved; null where it is not registered here. */
export const thresholdOf = (env: string): number | null =>
  listEnvs().includes(env) && !isPython(env) ? spec(env).rewardThreshold : null;
