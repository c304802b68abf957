/** The replay buffers of DQN's family: the one its hyperparameters ask for, and what one that is given has to be like. */
import { isOnHost } from "../device.ts";
import { UsageError } from "../errors.ts";
import type { Random } from "../random.ts";
import {
  EpisodicReplayBuffer,
  type FrameRing,
  PrioritizedReplayBuffer,
  type Replay,
  ReplayBuffer,
} from "../replay/index.ts";
import type { DQNHyperparameters } from "./dqnHyperparameters.ts";
import { requireEpisodes } from "./sequenceMinibatch.ts";

/** What a buffer is for. */
export interface Experience {
  readonly obsShape: readonly number[];
  readonly obsDtype: "float32" | "uint8";
  /** `[]` for discrete actions. */
  readonly actionShape: readonly number[];
  /** Whether it is replayed as sequences. */
  readonly isRecurrent: boolean;
  /** The stream minibatches are drawn with. */
  readonly random: Random;
}

function makeReplay(
  h: DQNHyperparameters,
  { obsShape, obsDtype, actionShape, isRecurrent, random }: Experience,
): Replay {
  const action =
    actionShape.length === 0
      ? ({ dtype: "int32", shape: [] } as const)
      : ({ dtype: "float32", shape: [actionShape[0]!] } as const);
  const { replayCapacity: capacity, gamma, nStep, frameStack } = h;
  const kept = { capacity, obsShape, obsDtype, frameStack, action, gamma, random };
  if (isRecurrent) return new EpisodicReplayBuffer(kept);
  const options = { ...kept, nStep };
  if (h.sampling === "uniform") return new ReplayBuffer(options);
  return new PrioritizedReplayBuffer({
    ...options,
    alpha: h.priorityExponent,
    beta: h.importanceExponent,
    betaSteps: h.importanceSteps,
  });
}

/** @throws UsageError for settings that sequences cannot be replayed with */
function requireSequences(where: string, { sampling, nStep }: DQNHyperparameters, replay: Replay | undefined): void {
  if ((replay?.isPrioritized ?? sampling === "prioritized") || nStep > 1) {
    throw new UsageError(
      `${where}: a recurrent network must learn from uniformly sampled steps; got sampling ${sampling} and nStep ${nStep}. Use sampling uniform and nStep 1.`,
    );
  }
  if (replay) requireEpisodes(where, replay);
}

/**
 * The buffer that is given, or one as the hyperparameters say.
 * @throws UsageError where it does not go with them, with a network that has a memory, or with the device that learns
 */
export function replayFor(
  where: string,
  h: DQNHyperparameters,
  given: Replay | undefined,
  experience: Experience,
): Replay {
  if (experience.isRecurrent) requireSequences(where, h, given);
  const replay = given ?? makeReplay(h, experience);
  if (replay.isPrioritized && !isOnHost()) {
    throw new UsageError(
      `${where}: prioritized sampling must see each update's errors at once; got a device whose numbers are read later. Learn on the cpu, or use sampling uniform.`,
    );
  }
  framesOnDevice(where, h, replay);
  return replay;
}

/**
 * The frames that stay on the device that learns; null where minibatches go over whole.
 * @throws UsageError where there is no such device, or the buffer keeps no frames
 */
export function framesOnDevice(
  where: string,
  { replayDevice }: DQNHyperparameters,
  { frameRings }: Replay,
): readonly FrameRing[] | null {
  if (replayDevice === "cpu") return null;
  if (isOnHost()) {
    throw new UsageError(
      `${where}: replayDevice gpu must come with a GPU that learns; got the cpu. Open the device gpu, or leave replayDevice out.`,
    );
  }
  if (!frameRings) {
    throw new UsageError(
      `${where}: replayDevice gpu must come with a replay buffer that keeps frames; got one without. Use ReplayBuffer or PrioritizedReplayBuffer.`,
    );
  }
  return frameRings;
}
