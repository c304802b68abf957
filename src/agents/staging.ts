/** Where a minibatch lands: Variables whose memory the replay buffer writes into. */
import {
  copyRows,
  memoryGeneration,
  persistent,
  persistentParts,
  type Variable,
  type Version,
  writeRows,
} from "../autograd/index.ts";
import { isOnHost } from "../device.ts";
import type { FrameBatch, FrameRing, TransitionBatch } from "../replay/index.ts";

/** What a minibatch has beside the five parts of every one. */
export interface StagingExtras {
  /** Whether transitions have importance weights. */
  readonly hasWeights?: boolean;
  /** The number of actions that masks speak of; 0 for none. */
  readonly maskedActions?: number;
  /** Whether the actions taken in the next observations are wanted. */
  readonly hasNextActions?: boolean;
  /** Rows are steps of sequences: how many of those, and how many steps before them there are. */
  readonly burnIn?: { readonly sequences: number; readonly steps: number } | null;
  /** Keeps a copy of these frames on the device; minibatches are put together there. */
  readonly frames?: readonly FrameRing[] | null;
}

/** The frames of a replay buffer, kept on the device: each goes over once, when it is new. */
class DeviceFrames {
  readonly #rings: readonly FrameRing[];
  /** (frames, numbers): one ring after the other. */
  readonly #table: Variable;
  /** Frames of each ring that went over, and which revision they belong to. */
  readonly #written: { count: number; revision: number }[];

  constructor(rings: readonly FrameRing[]) {
    this.#rings = rings;
    this.#table = persistent([rings.reduce((rows, ring) => rows + ring.frameCapacity, 0), rings[0]!.frameSize]);
    this.#written = rings.map(() => ({ count: 0, revision: -1 }));
  }

  /** Brings over what is new. */
  update(): void {
    for (const [i, ring] of this.#rings.entries()) {
      const { frames, frameCapacity, frameSize, framesWritten, firstFrame, revision } = ring;
      const written = this.#written[i]!;
      if (revision !== written.revision) written.count = 0;
      written.revision = revision;
      for (let frame = Math.max(written.count, framesWritten - frameCapacity); frame < framesWritten; ) {
        const row = frame % frameCapacity;
        const count = Math.min(framesWritten - frame, frameCapacity - row);
        writeRows(this.#table, firstFrame + row, frames.subarray(row * frameSize, (row + count) * frameSize));
        frame += count;
      }
      written.count = framesWritten;
    }
  }

  /** Fills observations (batch, …obs) with the frames at places (batch, frameStack). */
  read(places: Variable, obs: Variable): void {
    copyRows(this.#table, places, obs);
  }
}

export class Staging {
  /** (batch, …obs) */
  readonly obs: Variable;
  /** (batch) of action numbers, or (batch, k). */
  readonly action: Variable;
  /** (batch) */
  readonly reward: Variable;
  /** (batch, …obs) */
  readonly nextObs: Variable;
  /** (batch): what the next value is multiplied with. */
  readonly discount: Variable;
  /** (batch), or null. */
  readonly weight: Variable | null;
  /** (batch, actions): 1 for the actions allowed in obs, in nextObs; or null. */
  readonly mask: Variable | null;
  readonly nextMask: Variable | null;
  /** (batch): the action taken in nextObs, −1 where none was; or null. */
  readonly nextAction: Variable | null;
  /** See `BurnInBatch`: (burnIn · sequences, …obs), (burnIn, sequences), (sequences); or null. */
  readonly burnInObs: Variable | null;
  readonly burnInContinues: Variable | null;
  readonly continues: Variable | null;
  /** Overwriting a batch that a graph has read is caught by its count. */
  readonly #version: Version = { version: 0 };
  readonly #parts: Readonly<Record<string, Variable>>;
  #views: TransitionBatch | FrameBatch | null = null;
  /** Memory that has grown may have left the views behind. */
  #generation = -1;
  /** Where the device's memory is not the host's: the rows of all parts, which go over in one write. */
  readonly #host: Float32Array | null;
  readonly #all: Variable;
  readonly #frames: DeviceFrames | null;

  constructor(
    batch: number,
    obsShape: readonly number[],
    actionShape: readonly number[],
    { hasWeights = false, maskedActions = 0, hasNextActions = false, burnIn = null, frames = null }: StagingExtras = {},
  ) {
    const rows = [batch, ...obsShape];
    const shapes: Record<string, readonly number[]> = {
      ...(frames ? { obsFrame: [batch, frames[0]!.frameStack] } : { obs: rows }),
      action: [batch, ...actionShape],
      reward: [batch],
      ...(frames ? { nextFrame: [batch, frames[0]!.frameStack] } : { nextObs: rows }),
      discount: [batch],
      ...(hasWeights ? { weight: [batch] } : {}),
      ...(hasNextActions ? { nextAction: [batch] } : {}),
      ...(burnIn
        ? {
            burnInObs: [burnIn.steps * burnIn.sequences, ...obsShape],
            burnInContinues: [burnIn.steps, burnIn.sequences],
            continues: [burnIn.sequences],
          }
        : {}),
      ...(maskedActions > 0 ? { mask: [batch, maskedActions], nextMask: [batch, maskedActions] } : {}),
    };
    const { all, parts } = persistentParts(Object.values(shapes));
    Object.keys(shapes).forEach((name, i) => {
      parts[i]!.source = this.#version;
      parts[i]!.name = name;
    });
    this.#parts = Object.fromEntries(parts.map((part) => [part.name, part]));
    const { obs, action, reward, nextObs, discount, weight, mask, nextMask, nextAction } = this.#parts;
    const { burnInObs, burnInContinues, continues } = this.#parts;
    this.obs = obs ?? this.#beside("obs", rows);
    this.action = action!;
    this.reward = reward!;
    this.nextObs = nextObs ?? this.#beside("nextObs", rows);
    this.discount = discount!;
    this.weight = weight ?? null;
    this.mask = mask ?? null;
    this.nextMask = nextMask ?? null;
    this.nextAction = nextAction ?? null;
    this.burnInObs = burnInObs ?? null;
    this.burnInContinues = burnInContinues ?? null;
    this.continues = continues ?? null;
    this.#all = all;
    this.#host = isOnHost() ? null : new Float32Array(all.size);
    this.#frames = frames && new DeviceFrames(frames);
  }

  #beside(name: string, shape: readonly number[]): Variable {
    const x = persistent(shape);
    x.source = this.#version;
    x.name = name;
    return x;
  }

  /** The rows to write the next minibatch into; `commit` when they are written. */
  views(): TransitionBatch | FrameBatch {
    this.#version.version++;
    const generation = memoryGeneration();
    if (this.#views && this.#generation === generation) return this.#views;
    this.#generation = generation;
    const host = this.#host;
    const view = (x: Variable) => {
      if (!host) return x.data as Float32Array;
      const at = (x.address - this.#all.address) >> 2;
      return host.subarray(at, at + x.size);
    };
    const views = Object.entries(this.#parts).map(([name, part]) => [name, view(part)]);
    this.#views = Object.fromEntries(views) as unknown as TransitionBatch;
    return this.#views;
  }

  /** Hands the rows to the device. */
  commit(): void {
    const frames = this.#frames;
    frames?.update();
    if (this.#host) this.#all.write(this.#host);
    if (!frames) return;
    frames.read(this.#parts.obsFrame!, this.obs);
    frames.read(this.#parts.nextFrame!, this.nextObs);
  }
}
