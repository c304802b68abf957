/** What an agent with a replay buffer does to learn from several environments, side by side or of actors. */
import { UsageError } from "../errors.ts";
import type { Replay, Transition } from "../replay/index.ts";

/**
 * A lane of the buffer for each of n environments.
 * @throws UsageError for a buffer of one running episode, and for a recurrent agent, whose buffer is always such a one
 */
export function splitReplay(where: string, replay: Replay, n: number, isRecurrent: boolean): void {
  if (isRecurrent) {
    throw new UsageError(
      `${where}: a recurrent agent with a replay buffer must learn from one environment; got ${n}. Use one, or recurrent none.`,
    );
  }
  if (!replay.split) {
    throw new UsageError(
      `${where}: a replay buffer for ${n} environments must keep as many episodes apart; got ${replay.constructor.name}, which keeps one. Leave replay out, or use one environment.`,
    );
  }
  replay.split(n);
}

/** A step of an actor goes into its lane. An actor that was replaced begins an episode where the one before left one open. */
export function appendOfActor(replay: Replay, actor: number, step: Transition): void {
  if (step.begins) replay.stopEpisode(actor);
  const { obs, action, reward, nextObs, terminated, truncated, mask, nextMask } = step;
  replay.append(obs, action, reward, nextObs, terminated, truncated, mask, nextMask, actor);
}
