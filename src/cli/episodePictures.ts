/** Episodes of runs with their pictures, for the dashboard, `rl watch` and `rl record`. */
import fs from "node:fs";
import path from "node:path";
import { type AnyEnv, type DrawList, listEnvs, spec, toGif, toRgb } from "../envs/node.ts";
import { UsageError } from "../errors.ts";
import type { DashboardHooks, ShownEpisode } from "../plots/dashboard/index.ts";
import {
  FileError,
  type Kept,
  loadAgent,
  loadEnv,
  type RecordedEpisode,
  readConfig,
  recordEpisode,
  replayEpisode,
  resolveConfig,
  type TrainingEnv,
} from "../train/index.ts";
import { versions } from "../train/runOrigin.ts";

/** Wider pictures are made smaller for a GIF. */
const gifWidth = 480;
/** Of a longer episode a GIF leaves frames out. */
const gifFrames = 600;

/** @throws FileError for what is no recorded episode of this version */
function checked(directory: string, episode: unknown): RecordedEpisode {
  const { format, version, actions } = (episode ?? {}) as Partial<RecordedEpisode>;
  if (format === "kusari-episode" && version === 1 && Array.isArray(actions)) return episode as RecordedEpisode;
  throw new FileError(
    `dashboard: an episode of ${directory} must be what train wrote; got something else or another version.`,
  );
}

const canDraw = (env: TrainingEnv): env is TrainingEnv & AnyEnv =>
  ((env as Partial<AnyEnv>).metadata?.renderModes.length ?? 0) > 0;

/** The environment of a run. @throws UsageError where it came from a file that was not given */
function envOf(directory: string): TrainingEnv {
  const { env } = readConfig("dashboard", directory);
  if (env.startsWith("file:") && !listEnvs().includes(env)) {
    throw new UsageError(
      `dashboard: the environment ${env} came from a file, which must be given; got none. Start it with --env FILE.`,
    );
  }
  return loadEnv(directory);
}

/** Plays a recorded episode again and keeps its pictures. */
export function showEpisode(env: TrainingEnv, episode: RecordedEpisode): ShownEpisode {
  const rewards: number[] = [];
  const frames: DrawList[] = [];
  const played = replayEpisode(env, episode, (at, reward) => {
    if (reward !== null) rewards.push(reward);
    if (canDraw(at)) frames.push(at.draw());
  });
  const isSame = Math.abs(played.return - episode.return) <= 1e-9 * Math.max(1, Math.abs(episode.return));
  const notes = [
    ...(isSame ? [] : ["The environment did not repeat the episode: its return was another one."]),
    ...(episode.isWhole ? [] : [`Only the first ${rewards.length} steps were recorded.`]),
    ...(frames.length > 0 ? [] : ["This environment draws no picture."]),
  ];
  return {
    env: episode.env,
    seed: episode.seed,
    step: episode.step,
    actions: episode.actions,
    rewards,
    return: played.return,
    end: played.end,
    explanation: episode.explanation,
    actionNames: (env as Partial<AnyEnv>).unwrapped?.actionMeanings ?? [],
    frames,
    note: notes.length > 0 ? notes.join(" ") : null,
  };
}

/** The step of training at which the weights were taken that a run kept. */
function stepOf(directory: string, which: Kept | undefined): number {
  const kept = which ?? (fs.existsSync(path.join(directory, "finish", "score.json")) ? "finish" : "best");
  return (JSON.parse(fs.readFileSync(path.join(directory, kept, "score.json"), "utf8")) as { step: number }).step;
}

/** Has the trained agent of a run play one episode. */
export async function playAndShow(directory: string, seed: number, which?: Kept): Promise<ShownEpisode> {
  const env = envOf(directory);
  try {
    const agent = await loadAgent(directory, which);
    const { env: name } = readConfig("watch", directory);
    return showEpisode(env, await recordEpisode(agent, env, { seed, step: stepOf(directory, which), name }));
  } finally {
    env.close();
  }
}

/** @throws UsageError where there are no pictures */
export async function gifOf(episode: ShownEpisode, fps: number): Promise<Uint8Array> {
  const all = episode.frames as readonly DrawList[];
  const [first] = all;
  if (!first) {
    throw new UsageError(`record: the environment must have a picture; got ${episode.env}, which has none.`);
  }
  const stride = Math.ceil(all.length / gifFrames);
  const frames = all.filter((_, i) => i % stride === 0 || i === all.length - 1);
  const scale = Math.min(1, gifWidth / first.width);
  const images = [];
  for (const frame of frames) {
    images.push(toRgb(frame, scale));
    // a server goes on answering meanwhile
    await new Promise((resolve) => setImmediate(resolve));
  }
  return toGif(images, fps);
}

export const dashboardHooks: DashboardHooks = {
  version: versions().kusari,

  preset(agent, env) {
    try {
      const { settings, hyperparameters, envKwargs } = resolveConfig({ agent, env });
      const stopAt = settings.stopAt === undefined ? (spec(env).rewardThreshold ?? null) : settings.stopAt;
      return { settings: { ...settings, stopAt }, hyperparameters, envKwargs };
    } catch (error) {
      // of another version, or made by a script
      if (error instanceof UsageError) return null;
      throw error;
    }
  },

  async replay(directory, episode) {
    const recorded = checked(directory, episode);
    const env = envOf(directory);
    try {
      return showEpisode(env, recorded);
    } finally {
      env.close();
    }
  },

  play: (directory, seed) => playAndShow(directory, seed),

  gif: gifOf,
};
