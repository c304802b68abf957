/** What the dashboard needs of agents and environments, handed over by whoever starts it: plots import neither. */
import type { ComparedConfig } from "./configDiff.ts";

/** An episode with its pictures. */
export interface ShownEpisode {
  readonly env: string;
  readonly seed: number;
  /** The step of training that its agent is of; null where the run does not say. */
  readonly step: number | null;
  readonly actions: readonly (number | readonly number[])[];
  /** (steps) */
  readonly rewards: readonly number[];
  readonly return: number;
  /** Null where the record breaks off. */
  readonly end: "terminated" | "truncated" | null;
  readonly explanation: {
    readonly kind: "qValues" | "probabilities" | "action";
    readonly numbers: readonly (readonly number[])[];
    readonly values: readonly (number | null)[];
  } | null;
  /** Names of discrete actions, or of none. */
  readonly actionNames: readonly string[];
  /** (steps + 1) draw lists; empty where the environment has no picture. */
  readonly frames: readonly unknown[];
  /** What must be said beside it, such as that the environment did not repeat the episode. */
  readonly note: string | null;
}

export interface DashboardHooks {
  readonly version: string;
  /** What the agent in the environment would be told without a flag; null for what is not registered here. */
  preset(agent: string, env: string): ComparedConfig | null;
  /** Plays what `episodes/step-N.json` holds again. */
  replay(runDirectory: string, episode: unknown): Promise<ShownEpisode>;
  /** Has the run's agent play a new episode. */
  play(runDirectory: string, seed: number): Promise<ShownEpisode>;
  gif(episode: ShownEpisode, fps: number): Promise<Uint8Array>;
}

/** What the process that trains says of itself. */
export interface LiveStatus {
  readonly step: number;
  readonly stepsPerSecond: number;
  readonly secondsLeft: number;
  readonly isPaused: boolean;
  /** Of each actor, where there are several. */
  readonly actorStepsPerSecond: readonly number[] | null;
  /** How many updates behind each actor's parameters are; null where nobody says. */
  readonly actorLag: readonly number[] | null;
  /** The last thing that happened: "checkpoint written at step 400". */
  readonly note: string | null;
}

export const runCommands = ["pause", "continue", "checkpoint", "stop"] as const;
export type RunCommand = (typeof runCommands)[number];

/** The run that the process trains which the dashboard belongs to. */
export interface LiveRun {
  readonly directory: string;
  /** Null before its first report, and when it has ended. */
  status(): LiveStatus | null;
  command(command: RunCommand): void;
}
