/** Wrappers that no recording shows: spaces, saved states, and what they change, on environments of every kind. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  ActionMask,
  AddRenderObservation,
  AtariPreprocessing,
  Autoreset,
  Box,
  CastObservation,
  ClipAction,
  ClipReward,
  ContinuingTimeLimit,
  cappedCubicSchedule,
  checkEnv,
  Dict,
  Discrete,
  Env,
  EpisodicLife,
  FireReset,
  FlattenObservation,
  FlickerFrame,
  FrameStackObservation,
  flattenInto,
  flattenSpace,
  GrayscaleObservation,
  type Info,
  MaxAndSkipObservation,
  Monitor,
  MultiBinary,
  MultiDiscrete,
  make,
  NoopReset,
  NormalizeObservation,
  NormalizeReward,
  RandomizeAction,
  RecordVideo,
  RescaleAction,
  type ResetOptions,
  ResizeObservation,
  ScaledFloatFrame,
  ScaleReward,
  SelectObservation,
  SignReward,
  type Space,
  type StepResult,
  StickyAction,
  TimeAwareObservation,
  TimeLimit,
  TransformAction,
  TransformObservation,
  TransformReward,
  Tuple,
  type Video,
  WarpFrame,
} from "../../src/envs/index.ts";
import { TinyAtari } from "./tinyAtari.ts";

const cartPole = () => make("CartPole-v1");
const pendulum = () => make("Pendulum-v1", { maxEpisodeSteps: 20 });

/** Gives samples of any space for observations. */
class Sampler extends Env<unknown, unknown> {
  readonly observationSpace: Space<unknown>;
  readonly actionSpace: Space<unknown>;
  #steps = 0;

  constructor(observationSpace: Space<unknown>, actionSpace: Space<unknown> = new Discrete(2)) {
    super();
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
  }
  override reset({ seed }: ResetOptions = {}): [obs: unknown, info: Info] {
    this.seedRandom(seed);
    if (seed !== undefined) this.observationSpace.seed(seed);
    this.#steps = 0;
    return [this.observationSpace.sample(), {}];
  }
  override step(): StepResult<unknown> {
    this.#steps++;
    return [this.observationSpace.sample(), 1, false, this.#steps === 10, {}];
  }
  override saveState() {
    return { base: super.saveState(), space: this.observationSpace.saveState(), steps: this.#steps };
  }
  override loadState(state: ReturnType<Sampler["saveState"]>): void {
    super.loadState(state.base);
    this.observationSpace.loadState(state.space);
    this.#steps = state.steps;
  }
}
const mixed = () =>
  new Sampler(
    new Dict({
      place: new Tuple([new Discrete(3, 5), new MultiDiscrete([2, 3])]),
      speed: new Box(-2, 2, { shape: [2] }),
      flags: new MultiBinary(3),
    }),
  );

// biome-ignore lint/suspicious/noExplicitAny: wrappers of every observation and action
const wrapped: Record<string, () => Env<any, any>> = {
  ActionMask: () => new ActionMask(cartPole(), () => [1, 0]),
  AddRenderObservation: () => new AddRenderObservation(cartPole(), { scale: 0.1 }),
  AtariPreprocessing: () => new AtariPreprocessing(new TinyAtari(), { screenSize: 5, terminalOnLifeLoss: true }),
  "AtariPreprocessing, scaled": () => new AtariPreprocessing(new TinyAtari(), { scaleObs: true, screenSize: 6 }),
  "AtariPreprocessing, in colour": () => new AtariPreprocessing(new TinyAtari(), { grayscaleObs: false, frameSkip: 1 }),
  Autoreset: () => new Autoreset(cartPole()),
  CastObservation: () => new CastObservation(new TinyAtari()),
  "CastObservation, float64": () => new CastObservation(cartPole(), { dtype: "float64" }),
  ClipAction: () => new ClipAction(pendulum()),
  ClipReward: () => new ClipReward(pendulum(), { minReward: -0.5 }),
  ContinuingTimeLimit: () => new ContinuingTimeLimit(make("CartPole-v1"), 9),
  EpisodicLife: () => new EpisodicLife(new TinyAtari()),
  FireReset: () => new FireReset(new TinyAtari()),
  FlattenObservation: () => new FlattenObservation(mixed()),
  FlickerFrame: () => new FlickerFrame(new TinyAtari()),
  FrameStackObservation: () => new FrameStackObservation(new TinyAtari(), { stackSize: 3 }),
  "FrameStackObservation, own padding": () =>
    new FrameStackObservation(cartPole(), { stackSize: 2, padding: [0, 1, 0, 1] }),
  GrayscaleObservation: () => new GrayscaleObservation(new TinyAtari()),
  MaxAndSkipObservation: () => new MaxAndSkipObservation(new TinyAtari()),
  Monitor: () => new Monitor(cartPole()),
  NoopReset: () => new NoopReset(new TinyAtari()),
  RandomizeAction: () => new RandomizeAction(cartPole(), { randomFraction: 0.5 }),
  RescaleAction: () => new RescaleAction(pendulum(), { minAction: 0, maxAction: 10 }),
  ResizeObservation: () => new ResizeObservation(new TinyAtari(), { shape: [7, 5] }),
  ScaledFloatFrame: () => new ScaledFloatFrame(new TinyAtari()),
  ScaleReward: () => new ScaleReward(cartPole(), { scale: 0.1 }),
  SelectObservation: () => new SelectObservation(cartPole(), { indices: [2, 0] }),
  SignReward: () => new SignReward(pendulum()),
  StickyAction: () => new StickyAction(pendulum(), { repeatActionProbability: 0.5, repeatActionDuration: [1, 3] }),
  TimeAwareObservation: () => new TimeAwareObservation(cartPole(), { normalizeTime: true }),
  TransformAction: () => new TransformAction(cartPole(), (action: number) => 1 - action),
  TransformObservation: () => new TransformObservation(cartPole(), (obs: Float32Array) => obs.map((x) => -x)),
  TransformReward: () => new TransformReward(cartPole(), (reward) => 2 * reward),
  WarpFrame: () => new WarpFrame(new TinyAtari(), { size: 10 }),
  "two on one another": () =>
    new FrameStackObservation(new WarpFrame(new NoopReset(new EpisodicLife(new TinyAtari())), { size: 4 }), {
      stackSize: 2,
    }),
};

describe("a wrapped environment keeps to the interface", () => {
  // checkEnv plays: spaces, seeds, and whether a saved state goes on bit for bit
  it.each(Object.entries(wrapped))("%s", (_name, makeEnv) => {
    expect(checkEnv(makeEnv(), { steps: 60 })).toEqual([]);
  });

  it("normalisers keep to it but for the seed: what was seen before changes what is seen", () => {
    for (const env of [new NormalizeObservation(pendulum()), new NormalizeReward(pendulum())]) {
      env.reset({ seed: 1 });
      for (let i = 0; i < 15; i++) env.step(env.actionSpace.sample() as never);
      const saved = structuredClone(env.saveState());
      const go = () => Array.from({ length: 5 }, () => structuredClone(env.step(Float32Array.of(0.3) as never)));
      const onward = go();
      env.loadState(saved);
      expect(go()).toEqual(onward);
      expect(env.observationSpace.contains(onward[4]![0] as never)).toBe(true);
    }
  });

  it("a normaliser that does not update leaves its statistics alone", () => {
    const env = new NormalizeObservation(cartPole());
    env.reset({ seed: 0 });
    env.updateRunningMean = false;
    const before = structuredClone(env.saveState()) as { statistics: unknown };
    env.step(0);
    expect((env.saveState() as { statistics: unknown }).statistics).toEqual(before.statistics);
  });
});

describe("what wrappers change", () => {
  it("FlattenObservation lays parts side by side in the order of their names", () => {
    const { observationSpace } = mixed();
    const flat = flattenSpace(observationSpace);
    expect(Array.from(flat.low)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -2, -2]);
    expect([flat.dtype, flat.high[10], flat.high[12]]).toEqual(["float32", 1, 2]);
    const into = new Float32Array(13);
    const element = { place: [6, [1, 2]], speed: [0.5, -1], flags: [1, 0, 1] };
    expect(flattenInto(observationSpace, element, into)).toBe(13);
    expect(Array.from(into)).toEqual([1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0.5, -1]);
  });

  it("SelectObservation keeps some numbers, their bounds and their type", () => {
    const env = new SelectObservation(cartPole(), { indices: [2, 0] });
    const [obs] = env.reset({ seed: 4 });
    const [all] = cartPole().reset({ seed: 4 });
    expect(Array.from(obs)).toEqual([all[2], all[0]]);
    const { low, high } = cartPole().observationSpace as Box;
    expect([...env.observationSpace.low, ...env.observationSpace.high]).toEqual([low[2], low[0], high[2], high[0]]);
    expect(new SelectObservation(cartPole(), { indices: 3 }).observationSpace.shape).toEqual([1]);
    const bytes = new Sampler(new Box(0, 9, { shape: [3], dtype: "uint8" }));
    expect(new SelectObservation(bytes, { indices: [1] }).reset({ seed: 0 })[0]).toBeInstanceOf(Uint8Array);
    for (const indices of [[], [4], [0.5], -1, "0"]) {
      expect(() => new SelectObservation(cartPole(), { indices } as never)).toThrow(
        /^SelectObservation: indices must be whole numbers from 0 to 3; got /,
      );
    }
    expect(() => new SelectObservation(new TinyAtari(), { indices: [0] })).toThrow(/must have one axis; got Box/);
  });

  it("ContinuingTimeLimit says needsReset, and truncated", () => {
    const env = new ContinuingTimeLimit(make("Pendulum-v1"), 2);
    env.reset({ seed: 0 });
    expect(env.step([0])[4]).toEqual({});
    const [, , terminated, truncated, info] = env.step([0]);
    expect([terminated, truncated, info]).toEqual([false, true, { needsReset: true }]);
  });

  it("EpisodicLife ends an episode with a life and the game with the last", () => {
    const env = new EpisodicLife(new TinyAtari());
    env.reset({ seed: 3 });
    const lives: unknown[] = [];
    for (let episode = 0; episode < 3; episode++) {
      for (;;) {
        const [, , terminated, , info] = env.step(3);
        if (!terminated) continue;
        lives.push(info.lives);
        break;
      }
      const [, info] = env.reset();
      lives.push(info.lives);
    }
    expect(lives).toEqual([2, 2, 1, 1, 0, 3]);
  });

  it("AtariPreprocessing skips frames, sums rewards and shrinks", () => {
    const env = new AtariPreprocessing(new TinyAtari(), { noopMax: 0, screenSize: 4 });
    const plain = new TinyAtari();
    const [obs] = env.reset({ seed: 5 });
    plain.reset({ seed: 5 });
    expect([String(env.observationSpace), obs.length]).toEqual(["Box(0, 255, (4, 4), uint8)", 16]);
    for (let i = 0; i < 6; i++) {
      const rewards = [0, 1, 2, 3].map(() => plain.step(0)[1]);
      expect(env.step(0)[1]).toBe(rewards.reduce((a, b) => a + b));
    }
  });

  it("ResizeObservation takes means over areas, GrayscaleObservation Gymnasium's weights", () => {
    const image = new TinyAtari();
    const small = new ResizeObservation(image, { shape: [6, 4] });
    const ones = new Uint8Array(12 * 8 * 3).fill(9);
    expect(new Set(small.observation(ones))).toEqual(new Set([9]));
    ones.set([49, 9, 9]);
    expect(Array.from(small.observation(ones).slice(0, 4))).toEqual([19, 9, 9, 9]);
    expect(new GrayscaleObservation(image).observation(Uint8Array.of(100, 200, 50))).toEqual(Uint8Array.of(167));
  });

  it("Monitor keeps episodes that were cut short", () => {
    const seen: unknown[] = [];
    const env = new Monitor(new TimeLimit(make("CartPole-v1"), 3), { onEpisode: (episode) => seen.push(episode) });
    env.reset({ seed: 0 });
    env.step(0);
    env.reset();
    for (let i = 0; i < 3; i++) env.step(i % 2);
    env.reset();
    expect(env.episodes).toEqual([
      { return: 1, length: 1, end: "reset" },
      { return: 3, length: 3, end: "truncated" },
    ]);
    expect(seen).toEqual(env.episodes);
  });

  it("StickyAction at 1 takes the first action for ever, saved and loaded too", () => {
    const taken: unknown[] = [];
    const makeEnv = () =>
      new StickyAction<unknown, Int8Array>(
        new TransformAction<unknown, unknown>(cartPole(), (action) => taken.push(action) % 2, new MultiBinary(2)),
        { repeatActionProbability: 1 },
      );
    const env = makeEnv();
    env.reset({ seed: 0 });
    env.step(Int8Array.of(1, 0));
    env.step(Int8Array.of(0, 1));
    const other = makeEnv();
    const saved = structuredClone(env.saveState());
    expect(saved).toMatchObject({ last: [1, 0], left: 0 });
    other.loadState(saved);
    other.step(Int8Array.of(0, 0));
    expect(taken).toEqual([Int8Array.of(1, 0), Int8Array.of(1, 0), [1, 0]]);
  });

  it("RandomizeAction at 1 takes other actions, at 0 none", () => {
    const play = (randomFraction: number) => {
      const env = new RandomizeAction(cartPole(), { randomFraction });
      env.reset({ seed: 0 });
      return Array.from({ length: 6 }, () => Array.from(env.step(1)[0] as Float32Array));
    };
    const plain = cartPole();
    plain.reset({ seed: 0 });
    const expected = Array.from({ length: 6 }, () => Array.from(plain.step(1)[0] as Float32Array));
    expect(play(0)).toEqual(expected);
    expect(play(1)).not.toEqual(expected);
  });
});

/** Frames of a GIF, by the book and apart from the encoder: colours as numbers. */
function decodeGif(bytes: Uint8Array): { width: number; height: number; frames: number[][] } {
  let at = 6;
  const word = () => bytes[at++]! | (bytes[at++]! << 8);
  const [width, height] = [word(), word()];
  at += 3;
  const frames: number[][] = [];
  for (;;) {
    const kind = bytes[at++];
    if (kind === 0x3b) return { width, height, frames };
    if (kind === 0x21) {
      at++;
      while (bytes[at] !== 0) at += bytes[at]! + 1;
      at++;
      continue;
    }
    at += 8;
    const size = 2 ** ((bytes[at++]! & 7) + 1);
    const colours = Array.from({ length: size }, () => (bytes[at++]! << 16) | (bytes[at++]! << 8) | bytes[at++]!);
    const minimum = bytes[at++]!;
    const data: number[] = [];
    while (bytes[at] !== 0) {
      data.push(...bytes.slice(at + 1, at + 1 + bytes[at]!));
      at += bytes[at]! + 1;
    }
    at++;
    const pixels: number[] = [];
    let table: number[][] = [];
    let [bit, bits] = [0, minimum + 1];
    let last: number[] | null = null;
    for (;;) {
      let code = 0;
      for (let i = 0; i < bits; i++, bit++) code |= ((data[bit >> 3]! >> (bit & 7)) & 1) << i;
      if (code === 2 ** minimum + 1) break;
      if (code === 2 ** minimum) {
        table = [...Array.from({ length: 2 ** minimum }, (_, i) => [i]), [], []];
        bits = minimum + 1;
        last = null;
        continue;
      }
      const entry: number[] = table[code] ?? [...last!, last![0]!];
      pixels.push(...entry);
      if (last && table.length < 4096) table.push([...last, entry[0]!]);
      if (table.length === 2 ** bits && bits < 12) bits++;
      last = entry;
    }
    frames.push(pixels.map((pixel) => colours[pixel]!));
  }
}

describe("RecordVideo", () => {
  it("writes an animated GIF of the frames", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "videos-"));
    const videos: Video[] = [];
    const env = new RecordVideo(make("CartPole-v1", { maxEpisodeSteps: 3 }), {
      folder,
      onVideo: (video) => videos.push(video),
      scale: 0.3,
    });
    for (let episode = 0; episode < 3; episode++) {
      env.reset({ seed: episode });
      for (let i = 0; i < 3; i++) env.step(i % 2);
    }
    env.close();
    expect(readdirSync(folder)).toEqual(["rl-video-episode-0.gif", "rl-video-episode-1.gif"]);
    expect(videos.map(({ episode, fps, frames }) => [episode, fps, frames.length])).toEqual([
      [0, 50, 4],
      [1, 50, 4],
    ]);
    const { width, height, frames } = decodeGif(readFileSync(path.join(folder, "rl-video-episode-0.gif")));
    rmSync(folder, { recursive: true });
    expect([width, height]).toEqual([180, 120]);
    const colours = videos[0]!.frames.map(({ pixels }) =>
      Array.from(
        { length: pixels.length / 3 },
        (_, i) => (pixels[3 * i]! << 16) | (pixels[3 * i + 1]! << 8) | pixels[3 * i + 2]!,
      ),
    );
    expect(frames).toEqual(colours);
  });

  it("ends a video at its length, and chooses episodes as Gymnasium does", () => {
    const lengths: number[] = [];
    const env = new RecordVideo(cartPole(), {
      onVideo: ({ frames }) => lengths.push(frames.length),
      videoLength: 2,
      scale: 0.1,
    });
    env.reset({ seed: 0 });
    for (let i = 0; i < 4; i++) env.step(i % 2);
    expect(lengths).toEqual([2]);
    expect(Array.from({ length: 3001 }, (_, i) => i).filter(cappedCubicSchedule)).toEqual([
      0, 1, 8, 27, 64, 125, 216, 343, 512, 729, 1000, 2000, 3000,
    ]);
  });
});

describe("environments that cannot be wrapped", () => {
  const bad: Record<string, () => unknown> = {
    "frames of a Dict": () => new FrameStackObservation(mixed(), { stackSize: 4 }),
    "no frames": () => new FrameStackObservation(cartPole(), { stackSize: 0 }),
    "a padding of another size": () => new FrameStackObservation(cartPole(), { stackSize: 2, padding: [1] }),
    "rescaled choices": () => new RescaleAction(cartPole()),
    "rescaled numbers without bounds": () => new RescaleAction(new ClipAction(pendulum())),
    "bounds the wrong way round": () => new RescaleAction(pendulum(), { minAction: 1, maxAction: -1 }),
    "clipped choices": () => new ClipAction(cartPole()),
    "randomised numbers": () => new RandomizeAction(pendulum(), { randomFraction: 0.1 }),
    "a probability above 1": () => new StickyAction(cartPole(), { repeatActionProbability: 25 }),
    "grey poles": () => new GrayscaleObservation(cartPole()),
    "grey in grey": () => new GrayscaleObservation(new GrayscaleObservation(new TinyAtari())),
    "no action NOOP": () => new NoopReset(cartPole()),
    "no lives": () => {
      const env = new TinyAtari();
      env.reset = () => [new Uint8Array(288), {}];
      new EpisodicLife(env).reset();
    },
    "time without a limit": () => new TimeAwareObservation(make("CartPole-v1", { maxEpisodeSteps: null })),
    "a picture of nothing": () => new AddRenderObservation(new TinyAtari()),
    "a video of nothing": () => new RecordVideo(new TinyAtari(), { folder: "x" }),
    "a video for nobody": () => new RecordVideo(cartPole(), {}),
    "a mask of another size": () => new ActionMask(cartPole(), () => [1]).reset(),
    "a type that is too small": () => new CastObservation(pendulum(), { dtype: "uint8" }),
  };
  it("say why", () => {
    const messages = Object.entries(bad).map(([name, act]) => {
      try {
        act();
        return `${name}: nothing was said`;
      } catch (error) {
        return `${name}: ${(error as Error).name}: ${(error as Error).message}`;
      }
    });
    expect(messages).toMatchSnapshot();
  });
});
