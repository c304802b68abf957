/** What a run tells while it goes: the events of `for await (const event of run)` and the lines of `--json`. */

/** Returns of greedy evaluation episodes. */
export interface EvaluationSummary {
  readonly episodes: number;
  readonly mean: number;
  readonly median: number;
  readonly stdev: number;
  readonly min: number;
  readonly max: number;
}

export interface StartEvent {
  readonly event: "start";
  readonly agent: string;
  readonly env: string;
  readonly seed: number;
  readonly steps: number;
  readonly runDirectory: string | null;
  /** The device that was opened for the run; null where a script brought its own. */
  readonly device: string | null;
  /** Why "auto" took it; null where it was named. */
  readonly deviceReason: string | null;
  /** The step a resumed run continues from; 0 for a new one. */
  readonly fromStep: number;
  /** Set when the run goes on from a checkpoint. */
  readonly resumed?: true;
}

/** Every `reportInterval` steps; all but the speed also stands in metrics.ndjson. */
export interface ProgressEvent {
  readonly event: "progress";
  readonly step: number;
  readonly steps: number;
  readonly episodes: number;
  /** Return of the last finished training episode, null before the first. */
  readonly episodeReturn: number | null;
  /** The agent's `statistics()`. */
  readonly statistics: Record<string, number>;
  readonly stepsPerSecond: number;
  /** Of each actor, where there are several. */
  readonly actorStepsPerSecond?: readonly number[];
  /** Updates since the parameters that each actor acts with, where one agent learns from all of them. */
  readonly actorUpdatesBehind?: readonly number[];
  readonly secondsLeft: number;
}

export interface EvaluationEvent {
  readonly event: "evaluation";
  readonly step: number;
  readonly episodes: number;
  readonly evaluation: EvaluationSummary;
  /** Whether this is the best mean so far (and `best/` was written). */
  readonly best: boolean;
}

/** Something the reader should know that does not end the run, such as a damaged checkpoint that was passed over. */
export interface WarningEvent {
  readonly event: "warning";
  readonly step: number;
  readonly message: string;
}

export interface CheckpointEvent {
  readonly event: "checkpoint";
  readonly step: number;
  readonly path: string;
}

/** The run is held, or goes on again. */
export interface PauseEvent {
  readonly event: "pause" | "continue";
  readonly step: number;
}

/** The last event; `--json` prints it as its last line. */
export interface ResultEvent {
  readonly event: "result";
  readonly agent: string;
  readonly env: string;
  readonly seed: number;
  readonly steps: number;
  readonly episodes: number;
  readonly seconds: number;
  readonly stepsPerSecond: number;
  /**
   * Of the kept weights (those in `finish/`) over `finalEpisodes` fresh episodes; of a stopped run the last
   * evaluation, null where there was none yet.
   */
  readonly evaluation: EvaluationSummary | null;
  /** The step the kept weights were taken at. */
  readonly keptStep: number;
  readonly runDirectory: string | null;
  /** "solved": stopAt was reached; "finished": all steps were taken; "stopped": somebody stopped it (it can be resumed). */
  readonly outcome: "solved" | "finished" | "stopped";
}

export type RunEvent =
  | StartEvent
  | ProgressEvent
  | EvaluationEvent
  | CheckpointEvent
  | WarningEvent
  | PauseEvent
  | ResultEvent;
