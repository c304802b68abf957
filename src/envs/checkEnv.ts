/** Checks that an environment keeps to the interface, like Gymnasium's `check_env`. */
import { UsageError } from "../errors.ts";
import type { Env, StepResult } from "./env.ts";
import { NpRandom } from "./npRandom.ts";

export interface CheckFinding {
  readonly severity: "error" | "warning";
  readonly message: string;
}

// biome-ignore lint/suspicious/noExplicitAny: any environment may be checked
type AnyEnv = Env<any, any>;

/** Equal values, element by element for arrays; NaN equals NaN. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (ArrayBuffer.isView(a) || Array.isArray(a)) {
    const [x, y] = [a as ArrayLike<unknown>, b as ArrayLike<unknown>];
    return x.length === y.length && Array.from(x).every((value, i) => isSame(value, y[i]));
  }
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => isSame(a[key as never], b[key as never]));
}

/** A copy of an observation that the environment may overwrite. */
const keep = (obs: unknown): unknown => structuredClone(obs);

/**
 * Plays some episodes and looks at spaces, seeding, what steps return, and whether a saved state goes on alike.
 *
 * @param options.steps how many steps are played in each check
 * @returns warnings
 * @throws UsageError with every error found
 */
export function checkEnv(
  env: AnyEnv,
  { steps = 300, seed = 123 }: { steps?: number; seed?: number } = {},
): CheckFinding[] {
  const findings: CheckFinding[] = [];
  const note = (severity: CheckFinding["severity"], message: string) => {
    if (!findings.some((finding) => finding.message === message)) findings.push({ severity, message });
  };
  const error = (message: string) => note("error", message);
  const { observationSpace, actionSpace, name } = env;
  if (!observationSpace || !actionSpace) {
    throw new UsageError(
      `checkEnv: ${name} must have an observationSpace and an actionSpace; got ${observationSpace ? "no actionSpace" : "no observationSpace"}.`,
    );
  }
  const showObs = (obs: unknown) => (ArrayBuffer.isView(obs) ? `[${String(obs)}]` : JSON.stringify(obs));
  const checkObs = (where: string, obs: unknown) => {
    if (!observationSpace.contains(obs as never)) {
      error(`${where}: the observation must be in ${String(observationSpace)}; got ${showObs(obs)}.`);
    }
  };
  const checkStep = (result: StepResult<unknown>) => {
    if (!Array.isArray(result) || result.length !== 5) {
      error(`step: it must return [obs, reward, terminated, truncated, info]; got ${JSON.stringify(result)}.`);
      return;
    }
    const [obs, reward, terminated, truncated, info] = result;
    checkObs("step", obs);
    if (typeof reward !== "number" || !Number.isFinite(reward)) {
      error(`step: the reward must be a finite number; got ${String(reward)}.`);
    }
    if (typeof terminated !== "boolean") error(`step: terminated must be a boolean; got ${String(terminated)}.`);
    if (typeof truncated !== "boolean") error(`step: truncated must be a boolean; got ${String(truncated)}.`);
    if (info === null || typeof info !== "object") error(`step: info must be an object; got ${String(info)}.`);
  };
  /** Plays with actions of a stream of its own; returns everything that was seen. */
  const play = (count: number, actionSeed: number): unknown[] => {
    const seen: unknown[] = [];
    actionSpace.seed(actionSeed);
    for (let i = 0; i < count; i++) {
      const result = env.step(actionSpace.sample());
      checkStep(result);
      if (findings.some(({ severity }) => severity === "error")) return seen;
      const [obs, reward, terminated, truncated] = result;
      seen.push(keep(obs), reward, terminated, truncated);
      if (terminated || truncated) seen.push(keep(env.reset()[0]));
    }
    return seen;
  };
  const reset = (where: string): unknown => {
    const result = env.reset({ seed });
    if (!Array.isArray(result) || result.length !== 2) {
      error(`reset: it must return [obs, info]; got ${JSON.stringify(result)}.`);
      return undefined;
    }
    checkObs(where, result[0]);
    return keep(result[0]);
  };

  const first = reset("reset");
  if (findings.length === 0) {
    const seen = play(steps, seed);
    const again = reset("reset with the seed again");
    const deterministic = env.spec?.nondeterministic !== true;
    if (deterministic && !isSame(first, again)) {
      error(`reset: the same seed must give the same observation; got ${showObs(first)} and ${showObs(again)}.`);
    }
    if (findings.length === 0) {
      const seenAgain = play(steps, seed);
      if (deterministic && !isSame(seen, seenAgain)) {
        error("step: the same seed and actions must give the same episode; got another one the second time.");
      }
    }
    if (!findings.some(({ severity }) => severity === "error")) checkSavedState();
  }
  function checkSavedState(): void {
    reset("reset");
    play(7, seed + 1);
    const saved = structuredClone(env.saveState());
    const onward = play(50, seed + 2);
    env.loadState(saved);
    const resumed = play(50, seed + 2);
    if (!isSame(onward, resumed)) {
      error(
        "loadState: a loaded state must go on as the saved one did; got another course. Save all that steps depend on.",
      );
    }
  }
  if (!(env.unwrapped.random instanceof NpRandom)) {
    note("warning", "random: the stream was replaced; got one that a seed does not restart.");
  }
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new UsageError(`checkEnv: ${name} ${errors.map(({ message }) => message).join(" ")}`);
  return findings;
}
