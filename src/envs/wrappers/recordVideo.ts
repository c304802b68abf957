import { UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { type Info, type ResetOptions, type StepResult, Wrapper } from "../env.ts";
import { type RgbImage, toGif, toRgb } from "../render/index.ts";
import { requireNumber, type WrappableEnv } from "./requireBox.ts";

/** A recorded episode, or its beginning. */
export interface Video {
  /** `rl-video-episode-0`, by the number of the episode. */
  readonly name: string;
  readonly episode: number;
  /** Frames a second. */
  readonly fps: number;
  readonly frames: readonly RgbImage[];
  /** The frames as an animated GIF. */
  gif(): Uint8Array;
}

export interface RecordVideoOptions {
  /** A folder that each video is written into, as `NAME.gif`; needs Node, Deno or Bun. */
  readonly folder?: string;
  /** Takes each video, where there is no folder to write to. */
  readonly onVideo?: (video: Video) => void;
  /** Which episodes are recorded, by number from 0; those with a whole cube root up to 1000, then every 1000th. */
  readonly episodeTrigger?: (episode: number) => boolean;
  /** Frames after which a video ends though its episode does not; none unless given. */
  readonly videoLength?: number;
  /** `rl-video` unless given. */
  readonly namePrefix?: string;
  /** Frames a second; the environment's `renderFps` unless given, or 30. */
  readonly fps?: number;
  /** Size of the frames, as a part of the picture's; 1 unless given. */
  readonly scale?: number;
}

/** Gymnasium's choice of episodes: 0, 1, 8, 27, …, 1000, 2000, … */
export const cappedCubicSchedule = (episode: number): boolean =>
  episode < 1000 ? Math.round(Math.cbrt(episode)) ** 3 === episode : episode % 1000 === 0;

/** Node's file system without an import of it, which a browser's bundle could not have. */
function fileSystem(): typeof import("node:fs") {
  const runtime = (globalThis as { process?: NodeJS.Process }).process;
  if (typeof runtime?.getBuiltinModule === "function") return runtime.getBuiltinModule("node:fs");
  throw new UsageError("RecordVideo: a folder needs a file system; got none in a browser. Pass onVideo instead.");
}

/**
 * Records episodes as animated GIFs. A video ends with its episode, at `videoLength`, with the next reset or with
 * `close`. What is recorded is no part of the saved state: after `loadState` recording begins with the next episode.
 */
export class RecordVideo<Obs, Act> extends Wrapper<Obs, Act> {
  readonly #options: Required<
    Pick<RecordVideoOptions, "episodeTrigger" | "videoLength" | "namePrefix" | "fps" | "scale">
  >;
  readonly #deliver: (video: Video) => void;
  #episode = -1;
  #frames: RgbImage[] | null = null;

  /** @throws UsageError where the environment has no picture, or a video nowhere to go */
  constructor(env: WrappableEnv, options: RecordVideoOptions) {
    super(env);
    const { folder, onVideo, namePrefix = "rl-video", scale = 1 } = options ?? {};
    const { episodeTrigger = cappedCubicSchedule, videoLength = Number.POSITIVE_INFINITY } = options ?? {};
    if (env.metadata.renderModes.length === 0) {
      throw new UsageError(
        `RecordVideo: ${env.name} must have a picture; got none. Add a draw method to the environment.`,
      );
    }
    if (folder === undefined && onVideo === undefined) {
      throw new UsageError('RecordVideo: folder or onVideo must be given; got neither. Pass { folder: "videos" }.');
    }
    const fps = options.fps ?? env.metadata.renderFps ?? 30;
    requireNumber("RecordVideo", "fps", fps, { low: 0.1 });
    requireNumber("RecordVideo", "scale", scale, { low: 1e-3 });
    requireNumber("RecordVideo", "videoLength", videoLength, { low: 1 });
    this.#options = { episodeTrigger, videoLength, namePrefix, fps, scale };
    if (folder !== undefined) fileSystem().mkdirSync(folder, { recursive: true });
    this.#deliver = (video) => {
      if (folder !== undefined) fileSystem().writeFileSync(`${folder}/${video.name}.gif`, video.gif());
      onVideo?.(video);
    };
  }

  override reset(options: ResetOptions = {}): [obs: Obs, info: Info] {
    this.#finish();
    const first = this.env.reset(options);
    this.#episode++;
    if (this.#options.episodeTrigger(this.#episode)) {
      this.#frames = [];
      this.#shoot();
    }
    return first;
  }

  override step(action: Act): StepResult<Obs> {
    const result = this.env.step(action);
    this.#shoot();
    if (result[2] || result[3]) this.#finish();
    return result;
  }

  override close(): void {
    this.#finish();
    this.env.close();
  }

  #shoot(): void {
    if (this.#frames === null) return;
    this.#frames.push(toRgb(this.env.draw(), this.#options.scale));
    if (this.#frames.length >= this.#options.videoLength) this.#finish();
  }

  #finish(): void {
    const frames = this.#frames;
    if (frames === null) return;
    this.#frames = null;
    const { namePrefix, fps } = this.#options;
    const name = `${namePrefix}-episode-${this.#episode}`;
    this.#deliver({ name, episode: this.#episode, fps, frames, gif: () => toGif(frames, fps) });
  }

  override saveState(): State {
    return { env: this.env.saveState(), episode: this.#episode };
  }
  override loadState(state: State): void {
    super.loadState(state);
    this.#episode = (state as { episode: number }).episode;
    this.#frames = null;
  }
}
