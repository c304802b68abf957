/**
 * The ring of transitions under every replay buffer: struct of arrays, allocated once, each frame stored once.
 *
 * A *frame* is one observation. An episode of T steps writes T + 1 frames into the frame ring, and a transition
 * holds the places of two of them: the frame it starts from and the frame k steps later. Rewards are n-step sums,
 *
 *   reward = Σ_{i<k} gamma^i r_i,    discount = gamma^k · (1 − terminated),
 *
 * so a target is `reward + discount · V(nextObs)` whatever n is. k is nStep except for the last transitions of an
 * episode, which reach only to its end (as in ChainerRL's and PFRL's n-step replay). Bootstrapping stops on
 * `terminated` alone: where an episode was truncated, discount is gamma^k and nextObs its final observation.
 *
 * Where an observation is a stack of frames (`frameStack`), a frame is one of them and is stored once too: an episode
 * begins with a whole stack and adds a frame a step, and a transition names the last frame of each of its two stacks.
 */
import { DeviceError, ShapeError, UsageError } from "../errors.ts";
import type { State, Stateful } from "../state.ts";

/** How actions are stored: one number of a discrete space, or k numbers of a continuous one. */
export type ActionFormat =
  | { readonly dtype: "int32"; readonly shape: readonly [] }
  | { readonly dtype: "float32"; readonly shape: readonly [number] };

export interface TransitionStoreOptions {
  /** Transitions kept; the oldest make place for new ones. */
  readonly capacity: number;
  /** Shape of one observation, `(…obs)`. */
  readonly obsShape: readonly number[];
  /**
   * How many frames an observation is a stack of, along its first axis, the newest last: each nextObs drops the oldest
   * frame of obs and adds one. Default 1.
   */
  readonly frameStack?: number;
  /** How observations are stored: "float32" (default), or "uint8" for whole numbers from 0 to 255 in a quarter of it. */
  readonly obsDtype?: "float32" | "uint8";
  readonly action: ActionFormat;
  /** Discount per environment step, in [0, 1]. */
  readonly gamma: number;
  /** Steps a transition spans. Default 1. */
  readonly nStep?: number;
  /**
   * Frames kept. When the ring overwrites a frame, the transition that starts from it goes too, so with too few frames
   * `size` stays below `capacity`. Default: one a transition plus one for each episode's end, of which there may be
   * as many as transitions (every episode one step long), but no more of them than 64 MiB hold.
   */
  readonly frameCapacity?: number;
  /** The number of the first frame in a `FrameBatch`, where several stores share a table. Default 0. */
  readonly firstFrame?: number;
}

/** Where `gather` writes n transitions: views owned by the caller, a row a transition. */
export interface TransitionBatch {
  /** `(n, …obs)` */
  readonly obs: Float32Array;
  /** `(n)` for discrete actions, `(n, k)` for continuous ones. */
  readonly action: Int32Array | Float32Array;
  /** `(n)`: the discounted sum of the transition's rewards. */
  readonly reward: Float32Array;
  /** `(n, …obs)` */
  readonly nextObs: Float32Array;
  /** `(n)`: what the value of nextObs is to be multiplied with; 0 after termination. */
  readonly discount: Float32Array;
  /** `(n, actions)`: 1 for the actions allowed in obs, and those allowed in nextObs; where the store has masks. */
  readonly mask?: Float32Array;
  readonly nextMask?: Float32Array;
  /** `(n)`: the action that was taken in nextObs, a number of a discrete space; −1 where none was, or none yet. */
  readonly nextAction?: Float32Array;
  /** `(n)`: importance weights, the largest 1; where sampling is prioritized. */
  readonly weight?: Float32Array;
}

/** Where sequences are written: time first, so that the rows of one time step are neighbours. */
export interface SequenceBatch extends TransitionBatch {
  /** `(time, n)`: 1 for a step of the sequence, 0 behind its end. */
  readonly valid: Float32Array;
}

/** Sequences with what a recurrent network sees before the sequences, so as to remember something when they begin. */
export interface BurnInBatch extends SequenceBatch {
  /** `(burnIn, n, …obs)`: the observations right before each sequence, 0 before its episode's first one. */
  readonly burnInObs: Float32Array;
  /** `(burnIn, n)`: 0 where an episode begins, or has not begun, 1 elsewhere. */
  readonly burnInContinues: Float32Array;
  /** `(n)`: 0 where the sequence itself begins its episode, 1 elsewhere. */
  readonly continues: Float32Array;
}

/** The same where observations stay elsewhere: their frames' places in the ring, oldest first, instead of their numbers. */
export interface FrameBatch extends Omit<TransitionBatch, "obs" | "nextObs"> {
  /** `(n, frameStack)` */
  readonly obsFrame: Float32Array;
  /** `(n, frameStack)` */
  readonly nextFrame: Float32Array;
}

/** The ring of frames, for those who keep a copy of it elsewhere: frame i stands in row i % frameCapacity. */
export interface FrameRing {
  /** Where the ring begins in a table of several. */
  readonly firstFrame: number;
  /** `(frameCapacity, frameSize)` */
  readonly frames: Float32Array | Uint8Array;
  readonly frameCapacity: number;
  /** Numbers in one frame. */
  readonly frameSize: number;
  readonly frameStack: number;
  /** Frames written since construction, overwritten ones included. */
  readonly framesWritten: number;
  /** Counts how often all frames were replaced. */
  readonly revision: number;
}

type Row = Float32Array | Int32Array | Uint8Array | Uint32Array | Float64Array;

const frameSlackBytes = 64 * 2 ** 20;
/** Up to this many columns a plain loop is faster than `set(subarray)`, which costs about 80 ns before it copies. */
const loopColumns = 16;

function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function copyRow(to: Row, toRow: number, from: Row, fromRow: number, columns: number): void {
  const target = toRow * columns;
  const source = fromRow * columns;
  if (columns <= loopColumns) {
    for (let i = 0; i < columns; i++) to[target + i] = from[source + i]!;
  } else {
    to.set(from.subarray(source, source + columns), target);
  }
}

/** `count` rows of a ring from row `start` on, unrolled into an array of their own. */
function unroll<T extends Row>(ring: T, start: number, count: number, columns: number): T {
  const rows = ring.length / columns;
  const unrolled = ring.slice(0, count * columns) as T;
  const untilEnd = Math.min(count, rows - start);
  unrolled.set(ring.subarray(start * columns, (start + untilEnd) * columns), 0);
  unrolled.set(ring.subarray(0, (count - untilEnd) * columns), untilEnd * columns);
  return unrolled;
}

/** The inverse of `unroll`. */
function rollInto(ring: Row, start: number, unrolled: Row, columns: number): void {
  const rows = ring.length / columns;
  const untilEnd = Math.min(unrolled.length / columns, rows - start);
  ring.set(unrolled.subarray(0, untilEnd * columns), start * columns);
  ring.set(unrolled.subarray(untilEnd * columns), 0);
}

function requireCount(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`replay: ${name} must be a whole number of at least ${least}; got ${value}. Change ${name}.`);
  }
}

interface SavedStore {
  readonly format: string;
  readonly begin: number;
  readonly obsFrame: Uint32Array;
  readonly nextFrame: Uint32Array;
  readonly action: Int32Array | Float32Array;
  readonly reward: Float32Array;
  readonly discount: Float32Array;
  readonly frames: Float32Array | Uint8Array;
  readonly framesWritten: number;
  readonly inEpisode: boolean;
  /** (frames, actions), null where no environment gave masks. */
  readonly masks: Uint8Array | null;
  readonly pendingAction: Int32Array | Float32Array;
  readonly pendingReward: Float64Array;
}

export class TransitionStore implements Stateful, FrameRing {
  readonly capacity: number;
  readonly frameCapacity: number;
  readonly nStep: number;
  readonly gamma: number;
  readonly frameStack: number;
  /** Numbers in one observation. */
  readonly obsSize: number;
  /** Numbers in one action; 1 for a discrete one. */
  readonly actionSize: number;

  readonly frameSize: number;
  readonly firstFrame: number;
  readonly frames: Float32Array | Uint8Array;
  revision = 0;
  /** Beside each frame the actions allowed there; made when the first mask is given. */
  #masks: Uint8Array | null = null;
  readonly #obsFrame: Uint32Array;
  readonly #nextFrame: Uint32Array;
  readonly #action: Int32Array | Float32Array;
  readonly #reward: Float32Array;
  readonly #discount: Float32Array;
  /** gamma^0 … gamma^nStep. */
  readonly #gammaPowers: Float64Array;

  // Steps of the running episode whose transitions are not complete yet, oldest first. Their frames are the last
  // `#pending + 1` frames written, so only what came after each is kept here.
  readonly #pendingAction: Int32Array | Float32Array;
  readonly #pendingReward: Float64Array;
  #pending = 0;

  #begin = 0;
  #end = 0;
  #framesWritten = 0;
  #inEpisode = false;

  /**
   * @throws UsageError for options outside their range.
   * @throws DeviceError when the arrays cannot be allocated.
   */
  constructor(options: TransitionStoreOptions) {
    const {
      capacity,
      obsShape,
      obsDtype = "float32",
      action,
      gamma,
      nStep = 1,
      frameStack = 1,
      firstFrame = 0,
    } = options;
    requireCount("capacity", capacity, 1);
    requireCount("nStep", nStep, 1);
    for (const dimension of obsShape) requireCount("every dimension of obsShape", dimension, 1);
    requireCount("frameStack", frameStack, 1);
    if (frameStack > 1 && obsShape[0] !== frameStack) {
      throw new ShapeError(
        `replay: the first axis of obsShape must be that of the ${frameStack} stacked frames; got (${obsShape.join(", ")}). ` +
          "Stack frames along the first axis, or leave frameStack out.",
      );
    }
    const [actionSize = 1] = action.shape;
    requireCount("the action's length", actionSize, 1);
    if (!(gamma >= 0 && gamma <= 1)) {
      throw new UsageError(`replay: gamma must lie between 0 and 1; got ${gamma}. Change gamma.`);
    }
    this.capacity = capacity;
    this.nStep = nStep;
    this.gamma = gamma;
    this.obsSize = product(obsShape);
    this.actionSize = actionSize;

    this.frameStack = frameStack;
    this.frameSize = this.obsSize / frameStack;
    const frameBytes = this.frameSize * (obsDtype === "uint8" ? 1 : 4);
    const slack = Math.min(capacity * frameStack, Math.ceil(frameSlackBytes / frameBytes));
    const { frameCapacity = capacity + slack + nStep } = options;
    requireCount("frameCapacity", frameCapacity, nStep + frameStack);
    this.frameCapacity = frameCapacity;
    this.firstFrame = firstFrame;

    const Actions = action.dtype === "int32" ? Int32Array : Float32Array;
    try {
      this.frames = new (obsDtype === "uint8" ? Uint8Array : Float32Array)(frameCapacity * this.frameSize);
      this.#obsFrame = new Uint32Array(capacity);
      this.#nextFrame = new Uint32Array(capacity);
      this.#action = new Actions(capacity * actionSize);
      this.#reward = new Float32Array(capacity);
      this.#discount = new Float32Array(capacity);
    } catch (error) {
      throw new DeviceError(
        `replay: ${capacity} transitions over ${frameCapacity} frames of ${frameBytes} bytes must fit into memory; ` +
          `got "${(error as Error).message}". Lower capacity or frameCapacity, or store uint8 observations.`,
        { cause: error },
      );
    }
    this.#gammaPowers = Float64Array.from({ length: nStep + 1 }, (_, i) => gamma ** i);
    this.#pendingAction = new Actions(nStep * actionSize);
    this.#pendingReward = new Float64Array(nStep);
  }

  /**
   * Transitions are numbered in the order they were completed; those from `begin` to `end` − 1 are in the store,
   * number i in slot i % capacity. A sampler with its own tables compares both before and after `append`.
   */
  get begin(): number {
    return this.#begin;
  }

  get end(): number {
    return this.#end;
  }

  /** Transitions that can be gathered. */
  get size(): number {
    return this.#end - this.#begin;
  }

  /** Whether actions were ever masked. */
  get hasMasks(): boolean {
    return this.#masks !== null;
  }

  /** Frames written since construction, overwritten ones included. */
  get framesWritten(): number {
    return this.#framesWritten;
  }

  /**
   * One step of the environment. An episode starts with the first call and with the first one after `terminated`,
   * `truncated` or `stopEpisode()`; within an episode obs is the previous call's nextObs and is not read again.
   *
   * @param obs `(…obs)`
   * @param action a number, or `(k)` for continuous actions
   * @param nextObs `(…obs)`, at an episode's end its final observation
   * @param mask which actions are allowed in obs, `(actions)`: not 0 for those; all where it is left out. Not read again
   * within an episode, as obs is not
   * @param nextMask which are allowed in nextObs
   * @throws ShapeError for an observation or action of another size; UsageError for a reward that is not finite, a
   * discrete action that is no whole number, or an observation that uint8 cannot hold. The store is unchanged then.
   */
  append(
    obs: ArrayLike<number>,
    action: number | ArrayLike<number>,
    reward: number,
    nextObs: ArrayLike<number>,
    terminated: boolean,
    truncated: boolean,
    mask: ArrayLike<number> | null = null,
    nextMask: ArrayLike<number> | null = null,
  ): void {
    this.#checkObs("obs", obs, !this.#inEpisode);
    this.#checkObs("nextObs", nextObs, true);
    this.#checkAction(action);
    if (!Number.isFinite(reward)) {
      throw new UsageError(
        `replay: the reward must be a finite number; got ${reward} with action ${this.#describe(action)}. ` +
          "Look at what env.step returned.",
      );
    }

    if (mask !== null || nextMask !== null) this.prepareMasks(mask?.length ?? nextMask!.length);
    const newest = this.frameStack - 1;
    if (!this.#inEpisode) {
      if (newest > 0) this.#checkStack(obs, nextObs);
      for (let frame = 0; frame <= newest; frame++) this.#writeFrame(obs, frame, mask);
      this.#inEpisode = true;
    }
    this.#writeFrame(nextObs, newest, nextMask);
    if (typeof action === "number") {
      this.#pendingAction[this.#pending] = action;
    } else {
      this.#pendingAction.set(action, this.#pending * this.actionSize);
    }
    this.#pendingReward[this.#pending++] = reward;

    if (terminated || truncated) this.#endEpisode(terminated);
    else if (this.#pending === this.nStep) this.#complete(false);
  }

  /** The episode was cut without an end: what is pending is completed as at a truncation, from the last frame seen. */
  stopEpisode(): void {
    this.#endEpisode(false);
  }

  /**
   * Copies the transitions in slots[from … to − 1] into the same rows of `out`, by default all n.
   * @throws ShapeError when a view of `out` does not hold exactly n rows.
   */
  gather(slots: ArrayLike<number>, n: number, out: TransitionBatch | FrameBatch, from = 0, to = n): void {
    const { actionSize } = this;
    this.#checkRows("action", out.action, n, actionSize);
    this.#checkRows("reward", out.reward, n, 1);
    this.#checkRows("discount", out.discount, n, 1);
    if ("obsFrame" in out) {
      this.#checkRows("obsFrame", out.obsFrame, n, this.frameStack);
      this.#checkRows("nextFrame", out.nextFrame, n, this.frameStack);
      this.#gatherPlaces(slots, from, to, this.#obsFrame, out.obsFrame);
      this.#gatherPlaces(slots, from, to, this.#nextFrame, out.nextFrame);
    } else {
      this.#checkRows("obs", out.obs, n, this.obsSize);
      this.#checkRows("nextObs", out.nextObs, n, this.obsSize);
      this.#gatherFrames(slots, from, to, this.#obsFrame, out.obs);
      this.#gatherFrames(slots, from, to, this.#nextFrame, out.nextObs);
    }
    if (out.nextAction) this.#gatherNextActions(slots, from, to, out.nextAction);
    if (out.mask && out.nextMask) this.#gatherMasks(slots, from, to, out.mask, out.nextMask);
    for (let row = from; row < to; row++) {
      const slot = slots[row]!;
      copyRow(out.action, row, this.#action, slot, actionSize);
      out.reward[row] = this.#reward[slot]!;
      out.discount[row] = this.#discount[slot]!;
    }
  }

  /** Copies the observations that the transitions in the first n slots begin with into `out` (n, …obs). */
  gatherObs(slots: ArrayLike<number>, n: number, out: Float32Array): void {
    this.#checkRows("obs", out, n, this.obsSize);
    this.#gatherFrames(slots, 0, n, this.#obsFrame, out);
  }

  /** Forgets everything. */
  clear(): void {
    this.#begin = 0;
    this.#end = 0;
    this.#pending = 0;
    this.#framesWritten = 0;
    this.#inEpisode = false;
    this.#masks = null;
    this.revision++;
  }

  /** The transitions, the frames they use and the pending steps: what is unused of the arrays is left out. */
  saveState(): State {
    const { size, capacity, frameCapacity, actionSize } = this;
    const first = this.#begin % capacity;
    const frameCount = this.#liveFrames();
    const firstFrame = (this.#framesWritten - frameCount) % frameCapacity;
    return {
      format: this.#format(),
      begin: this.#begin,
      obsFrame: unroll(this.#obsFrame, first, size, 1),
      nextFrame: unroll(this.#nextFrame, first, size, 1),
      action: unroll(this.#action, first, size, actionSize),
      reward: unroll(this.#reward, first, size, 1),
      discount: unroll(this.#discount, first, size, 1),
      frames: unroll(this.frames, firstFrame, frameCount, this.frameSize),
      masks: this.#masks && unroll(this.#masks, firstFrame, frameCount, this.#maskSize),
      framesWritten: this.#framesWritten,
      inEpisode: this.#inEpisode,
      pendingAction: this.#pendingAction.slice(0, this.#pending * actionSize),
      pendingReward: this.#pendingReward.slice(0, this.#pending),
    };
  }

  /** @throws UsageError when the state was saved by a store with other options. */
  loadState(state: State): void {
    const saved = state as unknown as SavedStore;
    if (saved.format !== this.#format()) {
      throw new UsageError(
        `replay: a saved store must have the options of the one it is loaded into; got ${saved.format} ` +
          `and ${this.#format()}. Build the replay buffer as it was when it was saved.`,
      );
    }
    const first = saved.begin % this.capacity;
    rollInto(this.#obsFrame, first, saved.obsFrame, 1);
    rollInto(this.#nextFrame, first, saved.nextFrame, 1);
    rollInto(this.#action, first, saved.action, this.actionSize);
    rollInto(this.#reward, first, saved.reward, 1);
    rollInto(this.#discount, first, saved.discount, 1);
    const frameCount = saved.frames.length / this.frameSize;
    const firstFrame = (saved.framesWritten - frameCount) % this.frameCapacity;
    rollInto(this.frames, firstFrame, saved.frames, this.frameSize);
    this.#masks = null;
    if (saved.masks) {
      this.prepareMasks(saved.masks.length / frameCount);
      rollInto(this.#masks!, firstFrame, saved.masks, this.#maskSize);
    }
    this.#pendingAction.set(saved.pendingAction);
    this.#pendingReward.set(saved.pendingReward);
    this.#pending = saved.pendingReward.length;
    this.#begin = saved.begin;
    this.#end = saved.begin + saved.reward.length;
    this.#framesWritten = saved.framesWritten;
    this.#inEpisode = saved.inEpisode;
    this.revision++;
  }

  /** The options in words: two stores of the same format can load each other's state. */
  #format(): string {
    const dtype = (array: Row) =>
      array instanceof Float32Array ? "float32" : array instanceof Uint8Array ? "uint8" : "int32";
    return (
      `capacity ${this.capacity}, frameCapacity ${this.frameCapacity}, obs ${this.obsSize} × ${dtype(this.frames)}, ` +
      (this.frameStack > 1 ? `frameStack ${this.frameStack}, ` : "") +
      `action ${this.actionSize} × ${dtype(this.#action)}, gamma ${this.gamma}, nStep ${this.nStep}`
    );
  }

  #endEpisode(terminated: boolean): void {
    while (this.#pending > 0) this.#complete(terminated);
    this.#inEpisode = false;
  }

  /** Turns the pending steps into the transition that starts at the oldest of them, which then is pending no more. */
  #complete(terminated: boolean): void {
    const { actionSize, frameCapacity } = this;
    const steps = this.#pending;
    if (this.size === this.capacity) this.#begin++;
    const slot = this.#end++ % this.capacity;
    let reward = 0;
    for (let i = 0; i < steps; i++) reward += this.#gammaPowers[i]! * this.#pendingReward[i]!;
    this.#reward[slot] = reward;
    this.#discount[slot] = terminated ? 0 : this.#gammaPowers[steps]!;
    copyRow(this.#action, slot, this.#pendingAction, 0, actionSize);
    this.#obsFrame[slot] = (this.#framesWritten - 1 - steps) % frameCapacity;
    this.#nextFrame[slot] = (this.#framesWritten - 1) % frameCapacity;

    this.#pendingAction.copyWithin(0, actionSize, steps * actionSize);
    this.#pendingReward.copyWithin(0, 1, steps);
    this.#pending--;
  }

  get #maskSize(): number {
    return this.#masks ? this.#masks.length / this.frameCapacity : 0;
  }

  /**
   * From here on there are masks; frames stored before the first one allow everything.
   * @param actions numbers of a mask
   * @throws ShapeError for another number than before
   */
  prepareMasks(actions: number): void {
    this.#masks ??= new Uint8Array(this.frameCapacity * actions).fill(1);
    if (actions !== this.#maskSize) {
      throw new ShapeError(
        `replay: every mask must hold ${this.#maskSize} numbers, one an action; got ${actions}. Look at info.actionMask.`,
      );
    }
  }

  /** Transitions of an episode stand in a row, one a frame: the one that starts where this one ends is few slots on. */
  #gatherNextActions(slots: ArrayLike<number>, from: number, to: number, nextAction: Float32Array): void {
    const { capacity, frameCapacity } = this;
    for (let row = from; row < to; row++) {
      const slot = slots[row]!;
      const frame = this.#nextFrame[slot]!;
      const steps = (frame - this.#obsFrame[slot]! + frameCapacity) % frameCapacity;
      // how many transitions are newer than this one
      const newer = (this.#end - 1 - slot + capacity) % capacity;
      let action = -1;
      if (steps <= newer) {
        const follower = (slot + steps) % capacity;
        if (this.#obsFrame[follower] === frame) action = this.#action[follower]!;
      } else {
        // steps whose transitions are not complete begin at the last frames but one
        const ago = (this.#framesWritten - 1 - frame + frameCapacity) % frameCapacity;
        if (ago > 0 && ago <= this.#pending) action = this.#pendingAction[this.#pending - ago]!;
      }
      nextAction[row] = action;
    }
  }

  #gatherMasks(slots: ArrayLike<number>, from: number, to: number, mask: Float32Array, nextMask: Float32Array): void {
    const masks = this.#masks!;
    const actions = this.#maskSize;
    for (let row = from; row < to; row++) {
      copyRow(mask, row, masks, this.#obsFrame[slots[row]!]!, actions);
      copyRow(nextMask, row, masks, this.#nextFrame[slots[row]!]!, actions);
    }
  }

  /** The observations of slots, whose newest frames `places` holds. */
  #gatherFrames(slots: ArrayLike<number>, from: number, to: number, places: Uint32Array, out: Float32Array): void {
    for (let row = from; row < to; row++) {
      const frame = places[slots[row]!]!;
      if (this.frameStack === 1) copyRow(out, row, this.frames, frame, this.frameSize);
      else this.#copyStack(out, row, frame);
    }
  }

  /** The same, where their frames stand. */
  #gatherPlaces(slots: ArrayLike<number>, from: number, to: number, places: Uint32Array, out: Float32Array): void {
    const { frameStack, frameCapacity, firstFrame } = this;
    for (let row = from; row < to; row++) {
      const first = places[slots[row]!]! - frameStack + 1 + frameCapacity;
      for (let i = 0; i < frameStack; i++) out[row * frameStack + i] = firstFrame + ((first + i) % frameCapacity);
    }
  }

  /** The frames of an observation whose newest one stands at `frame`. */
  #copyStack(to: Float32Array, row: number, frame: number): void {
    const { frameStack, frameCapacity } = this;
    for (let i = 0; i < frameStack; i++) {
      const from = (frame - frameStack + 1 + i + frameCapacity) % frameCapacity;
      copyRow(to, row * frameStack + i, this.frames, from, this.frameSize);
    }
  }

  #checkStack(obs: ArrayLike<number>, nextObs: ArrayLike<number>): void {
    const size = this.frameSize;
    for (let i = size; i < obs.length; i++) {
      if (obs[i] === nextObs[i - size]) continue;
      throw new UsageError(
        `replay: with frameStack ${this.frameStack} nextObs must begin with the frames of obs but its first; got ${nextObs[i - size]} ` +
          `for ${obs[i]} in frame ${Math.floor(i / size)}. Stack frames along the first axis, or leave frameStack out.`,
      );
    }
  }

  /** The first frame of the stack that a transition starts from. */
  #firstFrameOf(slot: number): number {
    return (this.#obsFrame[slot]! - this.frameStack + 1 + this.frameCapacity) % this.frameCapacity;
  }

  /** @param which the frame of the observation's stack */
  #writeFrame(obs: ArrayLike<number>, which: number, mask: ArrayLike<number> | null): void {
    const frame = this.#framesWritten++ % this.frameCapacity;
    // Transitions start from frames in the order in which they were written, one from each frame at most: the oldest
    // transition is the first one, and the only one, that can lose its frame here.
    if (this.size > 0 && this.#firstFrameOf(this.#begin % this.capacity) === frame) this.#begin++;
    const size = this.frameSize;
    if (this.frameStack === 1) this.frames.set(obs, frame * size);
    else for (let i = 0; i < size; i++) this.frames[frame * size + i] = obs[which * size + i]!;
    if (this.#masks === null) return;
    const actions = this.#maskSize;
    for (let a = 0; a < actions; a++) this.#masks[frame * actions + a] = mask === null || mask[a]! !== 0 ? 1 : 0;
  }

  /** How many of the last frames are in use: from the first frame of the oldest transition or pending step on. */
  #liveFrames(): number {
    if (this.size === 0) return this.#inEpisode ? this.#pending + this.frameStack : 0;
    const newest = (this.#framesWritten - 1) % this.frameCapacity;
    const oldest = this.#firstFrameOf(this.#begin % this.capacity);
    return ((newest - oldest + this.frameCapacity) % this.frameCapacity) + 1;
  }

  #checkObs(name: string, obs: ArrayLike<number>, isStored: boolean): void {
    if (obs.length !== this.obsSize) {
      throw new ShapeError(
        `replay: ${name} must hold ${this.obsSize} numbers; got ${obs.length}. ` +
          "Compare obsShape with env.observationSpace.shape.",
      );
    }
    if (!isStored || this.frames instanceof Float32Array || obs instanceof Uint8Array) return;
    for (let i = 0; i < obs.length; i++) {
      const value = obs[i]!;
      if (!(value >= 0 && value <= 255 && Number.isInteger(value))) {
        throw new UsageError(
          `replay: uint8 observations must be whole numbers from 0 to 255; got ${value} at ${name}[${i}]. ` +
            'Use obsDtype "float32".',
        );
      }
    }
  }

  #checkAction(action: number | ArrayLike<number>): void {
    if (this.#action instanceof Int32Array) {
      if (typeof action !== "number" || (action | 0) !== action) {
        throw new UsageError(
          `replay: an int32 action must be a whole number; got ${this.#describe(action)}. ` +
            'Use action dtype "float32" for continuous actions.',
        );
      }
    } else if (typeof action === "number" || action.length !== this.actionSize) {
      throw new ShapeError(
        `replay: the action must be an array of ${this.actionSize} numbers; got ${this.#describe(action)}. ` +
          "Compare action.shape with env.actionSpace.shape.",
      );
    }
  }

  #describe(action: number | ArrayLike<number>): string {
    return typeof action === "number" ? String(action) : `[${Array.from(action).join(", ")}]`;
  }

  #checkRows(name: string, view: Row, n: number, columns: number): void {
    if (view.length !== n * columns) {
      throw new ShapeError(
        `replay: the view for ${name} must hold ${n} × ${columns} numbers; got ${view.length}. ` +
          "Make it anew for this minibatch size (a length of 0 means that its memory has moved).",
      );
    }
  }
}
