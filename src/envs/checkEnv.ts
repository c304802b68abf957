/** Checks that an environment keeps to the interface, like Gymnasium's `check_env`. */
import { UsageError } from "../errors.ts";
import type { Env, StepResult } from "./env.ts";
import { NpRandom } from "./npRandom.ts";
import { RandomState } from "./randomState.ts";
import { type Frame, type RenderMode, toSvg } from "./render/index.ts";
import { Box, Space } from "./spaces/index.ts";

export interface CheckFinding {
  readonly severity: "error" | "warning";
  readonly message: string;
}

/** One thing that was looked at, and what was found wrong with it. */
export interface Check {
  /** What holds where nothing was found: "the same seed gives the same episode". */
  readonly name: string;
  readonly findings: readonly CheckFinding[];
}

export interface CheckOptions {
  /** How many steps are played in each check; 300 unless given. */
  readonly steps?: number;
  readonly seed?: number;
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

function show(value: unknown): string {
  const text = ArrayBuffer.isView(value) ? `[${String(value)}]` : (JSON.stringify(value) ?? String(value));
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}

const hasNaN = (obs: unknown): boolean =>
  typeof obs === "number"
    ? Number.isNaN(obs)
    : typeof obs === "object" && obs !== null && !ArrayBuffer.isView(obs)
      ? Object.values(obs).some(hasNaN)
      : ArrayBuffer.isView(obs) && Array.from(obs as Float64Array).some(Number.isNaN);

/** The checks of one environment. Each takes for granted that those before it found nothing wrong. */
class Inspection {
  readonly #env: AnyEnv;
  readonly #steps: number;
  readonly #seed: number;
  #findings: CheckFinding[] = [];
  readonly checks: Check[] = [];

  constructor(env: AnyEnv, { steps = 300, seed = 123 }: CheckOptions) {
    this.#env = env;
    this.#steps = steps;
    this.#seed = seed;
  }

  run(): void {
    const all: readonly (readonly [string, () => void])[] = [
      ["spaces are there, and hold what they sample", () => this.#checkSpaces()],
      ["reset gives an observation of the space, and info", () => this.#checkReset()],
      ["step gives observation, reward, flags and info", () => void this.#play(this.#steps, this.#seed)],
      ["the same seed and actions give the same episodes", () => this.#checkSeed()],
      ["a reset in the middle and after the end begins an episode", () => this.#checkEnd()],
      ["observations stay as they are while the next step is taken", () => this.#checkKept()],
      ["a saved state goes on as it would have", () => this.#checkSavedState()],
      ["pictures have the form asked for", () => this.#checkPictures()],
    ];
    for (const [name, check] of all) {
      this.#findings = [];
      try {
        check();
      } catch (error) {
        this.#note(
          "error",
          `${name}: nothing may be thrown; got ${error instanceof Error ? `${error.name}: ${error.message}` : show(error)}`,
        );
      }
      this.checks.push({ name, findings: this.#findings });
      if (this.#hasErrors) return;
    }
  }

  get #hasErrors(): boolean {
    return this.#findings.some(({ severity }) => severity === "error");
  }

  #note(severity: CheckFinding["severity"], message: string): void {
    if (!this.#findings.some((finding) => finding.message === message)) this.#findings.push({ severity, message });
  }
  #error(message: string): void {
    this.#note("error", message);
  }

  #checkSpaces(): void {
    for (const name of ["observationSpace", "actionSpace"] as const) {
      const space: unknown = this.#env[name];
      if (!(space instanceof Space)) {
        this.#error(`${name}: it must be a space; got ${show(space)}.`);
        continue;
      }
      space.seed(this.#seed);
      const sample = space.sample();
      if (!space.contains(sample))
        this.#error(`${name}: it must contain its samples; got ${show(sample)} outside ${space}.`);
      if (space instanceof Box && space.low.every((low: number, i: number) => low === space.high[i])) {
        this.#note("warning", `${name}: there should be something between its bounds; got ${space}.`);
      }
    }
  }

  #checkObs(where: string, obs: unknown): void {
    const space: Space<unknown> = this.#env.observationSpace;
    if (space.contains(obs)) return;
    const what = hasNaN(obs) ? "the observation must not hold NaN" : `the observation must be in ${String(space)}`;
    const isOtherType =
      space instanceof Box && ArrayBuffer.isView(obs) && obs.constructor !== space.low.constructor && !hasNaN(obs);
    this.#error(`${where}: ${what}; got ${isOtherType ? `${obs.constructor.name} ` : ""}${show(obs)}.`);
  }

  #checkInfo(where: string, info: unknown): void {
    if (info === null || typeof info !== "object" || Array.isArray(info)) {
      this.#error(`${where}: info must be an object; got ${show(info)}.`);
    }
  }

  #checkStep(result: StepResult<unknown>): void {
    if (!Array.isArray(result) || result.length !== 5) {
      this.#error(`step: it must return [obs, reward, terminated, truncated, info]; got ${show(result)}.`);
      return;
    }
    const [obs, reward, terminated, truncated, info] = result;
    this.#checkObs("step", obs);
    if (typeof reward !== "number" || !Number.isFinite(reward)) {
      this.#error(
        `step: the reward must be a finite number; got ${typeof reward === "number" ? reward : show(reward)}.`,
      );
    }
    if (typeof terminated !== "boolean") this.#error(`step: terminated must be a boolean; got ${String(terminated)}.`);
    if (typeof truncated !== "boolean") this.#error(`step: truncated must be a boolean; got ${String(truncated)}.`);
    this.#checkInfo("step", info);
  }

  /** Begins an episode with the seed; a copy of its first observation. */
  #reset(where: string): unknown {
    const result: unknown = this.#env.reset({ seed: this.#seed });
    if (!Array.isArray(result) || result.length !== 2) {
      this.#error(`reset: it must return [obs, info]; got ${show(result)}.`);
      return undefined;
    }
    this.#checkObs(where, result[0]);
    this.#checkInfo(where, result[1]);
    return keep(result[0]);
  }

  /** Plays with actions of a stream of its own; returns everything that was seen. */
  #play(count: number, actionSeed: number): unknown[] {
    const seen: unknown[] = [];
    const { actionSpace } = this.#env;
    actionSpace.seed(actionSeed);
    for (let i = 0; i < count; i++) {
      const result = this.#env.step(actionSpace.sample());
      this.#checkStep(result);
      if (this.#hasErrors) return seen;
      const [obs, reward, terminated, truncated] = result;
      seen.push(keep(obs), reward, terminated, truncated);
      if (terminated || truncated) seen.push(keep(this.#env.reset()[0]));
    }
    return seen;
  }

  #checkReset(): void {
    const first = this.#reset("reset");
    if (this.#hasErrors) return;
    const again = this.#reset("reset with the seed again");
    if (this.#isDeterministic && !isSame(first, again)) {
      this.#error(`reset: the same seed must give the same observation; got ${show(first)} and ${show(again)}.`);
    }
    this.#env.reset({ options: {} });
    this.#reset("reset");
  }

  get #isDeterministic(): boolean {
    return this.#env.spec?.nondeterministic !== true;
  }

  #checkSeed(): void {
    this.#reset("reset");
    const seen = this.#play(this.#steps, this.#seed);
    this.#reset("reset with the seed again");
    const again = this.#play(this.#steps, this.#seed);
    if (this.#isDeterministic && !isSame(seen, again)) {
      this.#error("step: the same seed and actions must give the same episode; got another one the second time.");
    }
    const { random } = this.#env.unwrapped;
    if (!(random instanceof NpRandom || random instanceof RandomState)) {
      this.#note("warning", "random: the stream was replaced; got one that a seed does not restart.");
    }
  }

  #checkEnd(): void {
    this.#reset("reset");
    this.#play(2, this.#seed);
    this.#checkObs("reset in the middle of an episode", this.#env.reset()[0]);
    const { actionSpace } = this.#env;
    for (let i = 0; i < this.#steps; i++) {
      const [, , terminated, truncated] = this.#env.step(actionSpace.sample());
      if (!terminated && !truncated) continue;
      try {
        this.#env.step(actionSpace.sample());
      } catch (error) {
        if (!(error instanceof UsageError)) {
          this.#note(
            "warning",
            `step: after an episode's end it should go on or raise a UsageError; got ${String(error)}.`,
          );
        }
      }
      this.#checkObs("reset after the end", this.#env.reset()[0]);
      return;
    }
  }

  #checkKept(): void {
    this.#reset("reset");
    const { actionSpace } = this.#env;
    actionSpace.seed(this.#seed);
    for (let i = 0; i < Math.min(20, this.#steps); i++) {
      const [obs, , terminated, truncated] = this.#env.step(actionSpace.sample());
      const copy = keep(obs);
      const next = terminated || truncated ? this.#env.reset() : this.#env.step(actionSpace.sample());
      if (isSame(obs, copy)) {
        if (next[2] === true || next[3] === true) this.#env.reset();
        continue;
      }
      this.#error(
        `step: an observation must stay as it is until two steps later; got ${show(copy)} and one step on ${show(obs)} in the same array. Return a new array.`,
      );
      return;
    }
  }

  #checkSavedState(): void {
    this.#reset("reset");
    this.#play(7, this.#seed + 1);
    const saved = structuredClone(this.#env.saveState());
    const onward = this.#play(50, this.#seed + 2);
    this.#env.loadState(saved);
    const resumed = this.#play(50, this.#seed + 2);
    if (!isSame(onward, resumed)) {
      this.#error(
        "loadState: a loaded state must go on as the saved one did; got another course. Save all that steps depend on.",
      );
    }
  }

  #checkPictures(): void {
    const env = this.#env;
    const { renderModes, renderFps } = env.metadata;
    if (renderModes.length > 0 && !(renderFps! > 0)) {
      this.#note("warning", `metadata: renderFps should say how many steps a second look natural; got ${renderFps}.`);
    }
    const before = env.renderMode;
    this.#reset("reset");
    const state = keep(env.saveState());
    for (const mode of renderModes) {
      env.renderMode = mode;
      const frame = env.render();
      if (!isFrame(mode, frame)) this.#error(`render: a picture must have the form ${mode}; got ${show(frame)}.`);
      // every number of the list stands in the drawing
      if (mode === "drawList" && /NaN|Infinity|undefined/.test(toSvg(env.draw()))) {
        this.#error(`draw: shapes must be of finite numbers; got ${show(frame)}.`);
      }
    }
    env.renderMode = before;
    if (renderModes.length > 0 && !isSame(keep(env.saveState()), state)) {
      this.#error("render: a picture must not change the state; got another one after it.");
    }
  }
}

function isFrame(mode: RenderMode, frame: Frame): boolean {
  if (mode === "svg" || mode === "ansi") return typeof frame === "string" && frame.length > 0;
  if (typeof frame !== "object" || !(frame.width > 0 && frame.height > 0)) return false;
  return "pixels" in frame ? frame.pixels.length === 3 * frame.width * frame.height : mode === "drawList";
}

/**
 * Plays some episodes and looks at spaces, seeding, what steps return, saved states and pictures.
 *
 * @returns all checks in their order, up to the first that found an error
 */
export function inspectEnv(env: AnyEnv, options: CheckOptions = {}): readonly Check[] {
  const inspection = new Inspection(env, options);
  inspection.run();
  return inspection.checks;
}

/**
 * The same for tests and scripts.
 *
 * @returns warnings
 * @throws UsageError with every error found
 */
export function checkEnv(env: AnyEnv, options: CheckOptions = {}): CheckFinding[] {
  const findings = inspectEnv(env, options).flatMap((check) => check.findings);
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return findings;
  throw new UsageError(`checkEnv: ${env.name} ${errors.map(({ message }) => message).join(" ")}`);
}
