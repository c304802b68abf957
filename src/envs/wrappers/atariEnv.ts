/** What Atari's wrappers ask of an environment besides the interface. */
import { UsageError } from "../../errors.ts";
import type { Info } from "../env.ts";
import type { WrappableEnv } from "./requireBox.ts";

/**
 * The number of an action.
 * @throws UsageError where the environment has none of that name
 */
export function actionNamed(wrapper: string, env: WrappableEnv, name: "NOOP" | "FIRE"): number {
  const { actionMeanings } = env.unwrapped;
  const action = actionMeanings.indexOf(name);
  if (action >= 0) return action;
  throw new UsageError(
    `${wrapper}: ${env.name} must have an action ${name} in actionMeanings; got ${actionMeanings.join(", ") || "none"}. Leave the wrapper out.`,
  );
}

/**
 * Lives left, from an info.
 * @throws UsageError where it does not tell
 */
export function livesIn(wrapper: string, env: WrappableEnv, { lives }: Info): number {
  if (typeof lives === "number") return lives;
  throw new UsageError(
    `${wrapper}: ${env.name} must tell the lives left in info.lives; got ${String(lives)}. Leave the wrapper out.`,
  );
}
