/** What the page and its worker tell each other. */
import type { RunEvent } from "kusari";

export interface Settings {
  readonly device: "cpu" | "gpu";
  /** Units of each of the two hidden layers. */
  readonly units: number;
  readonly seed: number;
  /** Environment steps a second at most; null for as many as there are. */
  readonly pace: number | null;
}

export type ToWorker =
  | { readonly type: "start"; readonly settings: Settings }
  | { readonly type: "stop" }
  | { readonly type: "weights" };

/** The greedy policy at play, in real time. */
export interface Scene {
  /** Cart position (m), its velocity, pole angle (rad), its velocity. */
  readonly state: readonly number[];
  readonly action: number;
  /** Steps of 0.02 s that the pole has stood so far. */
  readonly steps: number;
}

export type FromWorker =
  | { readonly type: "opened"; readonly variant: string }
  | { readonly type: "event"; readonly event: RunEvent }
  | { readonly type: "scene"; readonly scene: Scene }
  | { readonly type: "weights"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: "failed"; readonly message: string };
