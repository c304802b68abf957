/** What wrappers ask of the spaces they work on. */
import { UsageError } from "../../errors.ts";
import type { Env } from "../env.ts";
import { Box, type BoxArray, type BoxDtype, Discrete } from "../spaces/index.ts";

/** A Box of any type of numbers. */
export type AnyBox = Box<BoxDtype>;
/** An element of one. */
export type AnyArray = BoxArray<BoxDtype>;
/** An environment a wrapper may be put around, before it has looked at its spaces. */
// biome-ignore lint/suspicious/noExplicitAny: spaces are looked at when the program runs
export type WrappableEnv = Env<any, any>;

/**
 * The observations' Box.
 * @throws UsageError where observations are something else
 */
export function observationBox(wrapper: string, env: WrappableEnv): AnyBox {
  const space = env.observationSpace;
  if (space instanceof Box) return space;
  throw new UsageError(
    `${wrapper}: observations of ${env.name} must be a Box; got ${String(space)}. Put FlattenObservation around it first.`,
  );
}

/** The actions' Box. @throws UsageError where actions are something else */
export function actionBox(wrapper: string, env: WrappableEnv): AnyBox {
  const space = env.actionSpace;
  if (space instanceof Box) return space;
  throw new UsageError(
    `${wrapper}: actions of ${env.name} must be a Box; got ${String(space)}. Leave the wrapper out.`,
  );
}

/** The actions' Discrete. @throws UsageError where actions are something else */
export function discreteActions(wrapper: string, env: WrappableEnv): Discrete {
  const space = env.actionSpace;
  if (space instanceof Discrete) return space;
  throw new UsageError(
    `${wrapper}: actions of ${env.name} must be Discrete; got ${String(space)}. Leave the wrapper out.`,
  );
}

/**
 * The observations' Box of images: bytes, `(height, width, 3)`, or without the last size where they are grey.
 * @throws UsageError where observations are something else
 */
export function imageBox(wrapper: string, env: WrappableEnv, kind: "colour" | "any"): Box<"uint8"> {
  const space = env.observationSpace;
  const forms = kind === "colour" ? "(height, width, 3)" : "(height, width) or (height, width, channels)";
  if (space instanceof Box && space.dtype === "uint8") {
    const { shape } = space;
    if (shape.length === 3 ? kind === "any" || shape[2] === 3 : shape.length === 2 && kind === "any") return space;
  }
  throw new UsageError(
    `${wrapper}: observations of ${env.name} must be images, a Box ${forms} of uint8; got ${String(space)}. ` +
      "Put AddRenderObservation or another wrapper that makes images around it first.",
  );
}

/** @throws UsageError for a number outside [low, high], or not whole where it must be */
export function requireNumber(
  wrapper: string,
  name: string,
  value: number,
  { low, high = Number.POSITIVE_INFINITY, whole = false }: { low: number; high?: number; whole?: boolean },
): void {
  if (typeof value === "number" && value >= low && value <= high && (!whole || Number.isInteger(value))) return;
  const range = Number.isFinite(high)
    ? `between ${low} and ${high}`
    : Number.isFinite(low)
      ? `of at least ${low}`
      : "and not NaN";
  throw new UsageError(
    `${wrapper}: ${name} must be a ${whole ? "whole " : ""}number ${range}; got ${String(value)}. Change ${name}.`,
  );
}
