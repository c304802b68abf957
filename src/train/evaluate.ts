/** Greedy episodes in an environment of their own. */
import type { Agent, StepInfo } from "../agents/index.ts";
import { UsageError } from "../errors.ts";
import { EnvContract } from "./envContract.ts";
import type { EvaluationSummary } from "./events.ts";
import type { TrainingEnv } from "./trainingEnv.ts";
import { now, sliceMilliseconds, turn } from "./turn.ts";

/** An episode this long will not end: an episode is played in one go, so nothing could interrupt it. */
const endlessEpisode = 5_000_000;

/** The return of one greedy episode; nothing is stored or learned. */
function playEpisode(agent: Agent, env: TrainingEnv, contract: EnvContract, seed: number): number {
  return agent.evalMode(() => {
    agent.stopEpisode(); // what a recurrent agent remembers of another episode of evaluation
    const first = env.reset({ seed });
    let obs = contract.reset(first);
    let info = first[1] as StepInfo;
    let episodeReturn = 0;
    for (let step = 1; ; step++) {
      const result = env.step(agent.act(obs, info));
      contract.step(result);
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

/**
 * Plays episodes until there are `episodes` returns, the k-th seeded with `seed + k`, with a macrotask turn now and then.
 * @returns false when `halted` put an end to it.
 */
export async function playEpisodes(
  agent: Agent,
  env: TrainingEnv,
  { episodes, seed, returns, halted }: { episodes: number; seed: number; returns: number[]; halted: () => boolean },
): Promise<boolean> {
  const contract = new EnvContract(env);
  let turned = now();
  while (returns.length < episodes) {
    if (halted()) return false;
    returns.push(playEpisode(agent, env, contract, (seed + returns.length) >>> 0));
    if (now() - turned > sliceMilliseconds) {
      await turn();
      turned = now();
    }
  }
  return true;
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
