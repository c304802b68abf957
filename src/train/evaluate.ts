/** Greedy episodes in an environment of their own. */
import type { Agent, StepInfo } from "../agents/index.ts";
import { UsageError } from "../errors.ts";
import { EnvContract } from "./envContract.ts";
import { EpisodeRecorder, type RecordedEpisode } from "./episode.ts";
import type { EvaluationSummary } from "./events.ts";
import type { TrainingEnv } from "./trainingEnv.ts";
import { now, sliceMilliseconds, turn } from "./turn.ts";

/** An episode this long will not end: an episode is played in one go, so nothing could interrupt it. */
const endlessEpisode = 5_000_000;

/** The return of one greedy episode; nothing is stored or learned. */
function playEpisode(
  agent: Agent,
  env: TrainingEnv,
  contract: EnvContract,
  seed: number,
  recorder: EpisodeRecorder | null,
): number {
  return agent.evalMode(() => {
    agent.stopEpisode(); // what a recurrent agent remembers of another episode of evaluation
    recorder?.begin(seed);
    const first = env.reset({ seed });
    let obs = contract.reset(first);
    let info = first[1] as StepInfo;
    let episodeReturn = 0;
    for (let step = 1; ; step++) {
      const action = agent.act(obs, info);
      recorder?.noteAction(agent, action);
      const result = env.step(action);
      contract.step(result);
      recorder?.noteReward(result[1]);
      episodeReturn += result[1];
      if (result[2] || result[3]) return episodeReturn;
      obs = result[0];
      info = result[4] as StepInfo;
      if (step === endlessEpisode) {
        throw new UsageError(
          `evaluate: a greedy episode must end; got ${step} steps without an end. Give the environment a time limit.`,
        );
      }
    }
  });
}

export interface EpisodesToPlay {
  readonly episodes: number;
  readonly seed: number;
  readonly returns: number[];
  readonly halted: () => boolean | Promise<boolean>;
  readonly recorder?: EpisodeRecorder | null;
}

/**
 * Plays episodes until there are `episodes` returns, the k-th seeded with `seed + k`, with a macrotask turn now and then.
 * @param halted is asked before every episode
 * @param recorder takes down the first one
 * @returns false when `halted` put an end to it.
 */
export async function playEpisodes(
  agent: Agent,
  env: TrainingEnv,
  { episodes, seed, returns, halted, recorder = null }: EpisodesToPlay,
): Promise<boolean> {
  const contract = new EnvContract(env);
  let turned = now();
  while (returns.length < episodes) {
    if (await halted()) return false;
    const k = returns.length;
    returns.push(playEpisode(agent, env, contract, (seed + k) >>> 0, k === 0 ? recorder : null));
    if (now() - turned > sliceMilliseconds) {
      await turn();
      turned = now();
    }
  }
  return true;
}

/** Plays one greedy episode and takes it down, by an agent that was trained for `step` steps. */
export async function recordEpisode(
  agent: Agent,
  env: TrainingEnv,
  { seed, step, name }: { seed: number; step: number; name: string },
): Promise<RecordedEpisode> {
  const recorder = new EpisodeRecorder(name, step);
  await playEpisodes(agent, env, { episodes: 1, seed, returns: [], halted: () => false, recorder });
  return recorder.take();
}

/** Mean, median, sample standard deviation (0 for one episode), smallest and largest of at least one return. */
export function summarize(returns: readonly number[]): EvaluationSummary {
  const n = returns.length;
  const sorted = [...returns].sort((a, b) => a - b);
  const mean = returns.reduce((sum, x) => sum + x, 0) / n;
  const squares = returns.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  const half = n >> 1;
  return {
    episodes: n,
    mean,
    median: n % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2,
    stdev: n > 1 ? Math.sqrt(squares / (n - 1)) : 0,
    min: sorted[0]!,
    max: sorted[n - 1]!,
  };
}

/**
 * Plays greedy episodes, the k-th seeded with `seed + k`, and sums up their undiscounted returns. The agent learns
 * nothing from them; the environment should be another than the one it trains in.
 *
 * @throws UsageError for fewer than one episode; the signal's reason when it aborts.
 */
export async function evaluate(
  agent: Agent,
  env: TrainingEnv,
  { episodes = 100, seed = 0, signal }: { episodes?: number; seed?: number; signal?: AbortSignal } = {},
): Promise<EvaluationSummary> {
  if (!(Number.isInteger(episodes) && episodes >= 1)) {
    throw new UsageError(`evaluate: episodes must be a whole number of at least 1; got ${episodes}. Play one or more.`);
  }
  const returns: number[] = [];
  const whole = await playEpisodes(agent, env, { episodes, seed, returns, halted: () => signal?.aborted === true });
  if (!whole) throw signal!.reason;
  return summarize(returns);
}
