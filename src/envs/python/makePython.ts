import { UsageError } from "../../errors.ts";
import type { AnyEnv, MakeOptions } from "../registry.ts";
import { OrderEnforcing } from "../wrappers/orderEnforcing.ts";
import { wrapBy } from "../wrappers/wrapBy.ts";
import { PythonEnv } from "./pythonEnv.ts";

/** Python's `gymnasium.make` wraps it with its own time limit. */
export function makePython(id: string, options: MakeOptions): AnyEnv {
  const { maxEpisodeSteps, reuseObs = false, renderMode = null, wrappers = [], python, ...given } = options;
  if (python !== undefined && typeof python !== "string") {
    throw new UsageError(
      `make: python of python:${id} must be the path of an interpreter; got ${JSON.stringify(python)}. Leave it out for python3.`,
    );
  }
  const kwargs = renderMode === null ? given : { ...given, render_mode: "rgb_array" };
  const env = new PythonEnv({ id, maxEpisodeSteps, python, kwargs });
  try {
    env.reuseObs = reuseObs;
    env.renderMode = renderMode;
    return wrapBy(new OrderEnforcing(env), wrappers);
  } catch (error) {
    env.close();
    throw error;
  }
}
