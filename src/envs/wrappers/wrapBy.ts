/** Wrappers by name, for `make(id, { wrappers })` and the command line. */
import { nearest, UsageError } from "../../errors.ts";
import type { AnyEnv } from "../registry.ts";
import { AddRenderObservation } from "./addRenderObservation.ts";
import { AtariPreprocessing } from "./atariPreprocessing.ts";
import { CastObservation } from "./castObservation.ts";
import { ClipAction } from "./clipAction.ts";
import { ClipReward } from "./clipReward.ts";
import { FireReset } from "./fireReset.ts";
import { FlattenObservation } from "./flattenObservation.ts";
import { FlickerFrame } from "./flickerFrame.ts";
import { FrameStackObservation } from "./frameStackObservation.ts";
import { GrayscaleObservation } from "./grayscaleObservation.ts";
import { MaxAndSkipObservation } from "./maxAndSkipObservation.ts";
import { NoopReset } from "./noopReset.ts";
import { RandomizeAction } from "./randomizeAction.ts";
import type { WrappableEnv } from "./requireBox.ts";
import { RescaleAction } from "./rescaleAction.ts";
import { ResizeObservation } from "./resizeObservation.ts";
import { ScaledFloatFrame } from "./scaledFloatFrame.ts";
import { ScaleReward } from "./scaleReward.ts";
import { SelectObservation } from "./selectObservation.ts";
import { SignReward } from "./signReward.ts";
import { StickyAction } from "./stickyAction.ts";
import { TimeAwareObservation } from "./timeAwareObservation.ts";
import { WarpFrame } from "./warpFrame.ts";

/** A wrapper's name and its options, as in `{ name: "FrameStackObservation", stackSize: 4 }`. */
export interface NamedWrapper {
  readonly name: string;
  readonly [option: string]: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: each wrapper declares its own options, and looks at their values itself
type AnyWrapper = new (env: WrappableEnv, options: any) => WrappableEnv;

interface Entry {
  readonly wrapper: AnyWrapper;
  readonly options: readonly string[];
}

const entry = (wrapper: AnyWrapper, ...options: string[]): Entry => ({ wrapper, options });

/**
 * Those that make the same task of an environment wherever they are put around it. Running statistics are not among
 * them: a second environment, which an agent is evaluated in, would have others.
 */
const entries: Readonly<Record<string, Entry>> = {
  AddRenderObservation: entry(AddRenderObservation, "scale"),
  AtariPreprocessing: entry(
    AtariPreprocessing,
    ...["noopMax", "frameSkip", "screenSize", "terminalOnLifeLoss", "grayscaleObs", "grayscaleNewaxis", "scaleObs"],
  ),
  CastObservation: entry(CastObservation, "dtype"),
  ClipAction: entry(ClipAction),
  ClipReward: entry(ClipReward, "minReward", "maxReward"),
  FireReset: entry(FireReset),
  FlattenObservation: entry(FlattenObservation),
  FlickerFrame: entry(FlickerFrame, "probability"),
  FrameStackObservation: entry(FrameStackObservation, "stackSize", "padding"),
  GrayscaleObservation: entry(GrayscaleObservation, "keepDim"),
  MaxAndSkipObservation: entry(MaxAndSkipObservation, "skip"),
  NoopReset: entry(NoopReset, "noopMax"),
  RandomizeAction: entry(RandomizeAction, "randomFraction"),
  RescaleAction: entry(RescaleAction, "minAction", "maxAction"),
  ResizeObservation: entry(ResizeObservation, "shape"),
  ScaledFloatFrame: entry(ScaledFloatFrame),
  ScaleReward: entry(ScaleReward, "scale"),
  SelectObservation: entry(SelectObservation, "indices"),
  SignReward: entry(SignReward),
  StickyAction: entry(StickyAction, "repeatActionProbability", "repeatActionDuration"),
  TimeAwareObservation: entry(TimeAwareObservation, "normalizeTime"),
  WarpFrame: entry(WarpFrame, "size"),
};

/** The names `make(id, { wrappers })` takes. */
export const wrapperNames: readonly string[] = Object.keys(entries);

/**
 * Puts wrappers around an environment, the first one innermost.
 * @throws UsageError for an unknown name or option, with a suggestion, and where a wrapper does not fit
 */
export function wrapBy(env: WrappableEnv, wrappers: readonly (string | NamedWrapper)[]): AnyEnv {
  let outermost = env;
  for (const wanted of wrappers) {
    const { name, ...options } = typeof wanted === "string" ? { name: wanted } : wanted;
    const found = Object.hasOwn(entries, name) ? entries[name] : undefined;
    if (!found) {
      const near =
        wrapperNames.find((known) => known.toLowerCase().startsWith(String(name).toLowerCase())) ??
        nearest(String(name), wrapperNames);
      throw new UsageError(
        `make: a wrapper of ${env.name} must be one of ${wrapperNames.join(", ")}; got ${String(name)}. ` +
          (near ? `Did you mean ${near}?` : "Put others around the environment yourself."),
      );
    }
    const unknown = Object.keys(options).find((option) => !found.options.includes(option));
    if (unknown !== undefined) {
      const near = nearest(unknown, found.options);
      throw new UsageError(
        `make: ${name} takes ${found.options.join(", ") || "no options"}; got ${unknown}. ` +
          (near ? `Did you mean ${near}?` : "Leave it out."),
      );
    }
    outermost = new found.wrapper(outermost, options);
  }
  return outermost as AnyEnv;
}
