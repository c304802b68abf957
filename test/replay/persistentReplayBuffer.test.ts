import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Random } from "../../src/random.ts";
import { openReplayLog, PersistentReplayBuffer, type Replay, ReplayBuffer } from "../../src/replay/index.ts";

const folder = mkdtempSync(join(tmpdir(), "kusari-replay-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const discrete = { capacity: 40, obsShape: [3], action: { dtype: "int32", shape: [] }, gamma: 0.9, nStep: 2 } as const;
const pixels = { ...discrete, obsDtype: "uint8", obsShape: [4, 5] } as const;
const continuous = { ...discrete, action: { dtype: "float32", shape: [2] } } as const;

/** Steps i … of a stream of episodes, their ends drawn from the number. */
function play(
  buffer: Replay,
  options: typeof discrete | typeof pixels | typeof continuous,
  from: number,
  to: number,
): void {
  const size = options.obsShape.reduce((a: number, b: number) => a * b, 1);
  const obs = (i: number) => Float32Array.from({ length: size }, (_, k) => (i * 7 + k) % 200);
  for (let i = from; i < to; i++) {
    const action = options.action.dtype === "int32" ? i % 5 : [i / 3, -i];
    buffer.append(obs(i), action, i / 4, obs(i + 1), i % 11 === 10, i % 17 === 16);
    if (i % 29 === 28) buffer.stopEpisode();
  }
}

function sampled(buffer: Replay, options: typeof discrete | typeof pixels | typeof continuous): number[] {
  const size = options.obsShape.reduce((a: number, b: number) => a * b, 1);
  const actions = options.action.shape[0] ?? 1;
  const n = 8;
  const out = {
    obs: new Float32Array(n * size),
    action: new Float32Array(n * actions),
    reward: new Float32Array(n),
    nextObs: new Float32Array(n * size),
    discount: new Float32Array(n),
  };
  buffer.sample(n, out);
  return Object.values(out).flatMap((rows) => [...rows]);
}

describe.each([
  ["discrete", discrete],
  ["pixels", pixels],
  ["continuous", continuous],
] as const)("%s", (name, options) => {
  it("holds what a plain buffer holds, in the next process too", async () => {
    const directory = join(folder, name);
    const plain = new ReplayBuffer({ ...options, random: new Random(1) });
    let persistent = new PersistentReplayBuffer({ ...options, random: new Random(1) }, await openReplayLog(directory));
    let at = 0;
    for (const to of [5, 60, 61, 150, 333]) {
      for (const buffer of [plain, persistent]) play(buffer, options, at, to);
      at = to;
      persistent.close();
      const stream = new Random(to);
      persistent = new PersistentReplayBuffer({ ...options, random: stream }, await openReplayLog(directory));
      plain.loadRandom(new Random(to).saveState());
      expect(persistent.size).toBe(plain.size);
      if (plain.size >= 8)
        for (let i = 0; i < 3; i++) expect(sampled(persistent, options)).toEqual(sampled(plain, options));
    }
    persistent.close();
  });

  it("goes back to a saved state, however much was appended since", async () => {
    const directory = join(folder, `${name}-state`);
    const open = async () =>
      new PersistentReplayBuffer(
        { ...options, random: new Random(1) },
        await openReplayLog(directory, { pieceBytes: 2_000 }),
      );
    const buffer = await open();
    const plain = new ReplayBuffer({ ...options, random: new Random(1) });
    play(buffer, options, 0, 200);
    play(plain, options, 0, 200);
    const state = structuredClone(buffer.saveState());
    play(buffer, options, 200, 400);
    buffer.close();
    const other = await open();
    other.loadState(state);
    for (const b of [other, plain]) play(b, options, 200, 230);
    expect(other.size).toBe(plain.size);
    for (let i = 0; i < 3; i++) expect(sampled(other, options)).toEqual(sampled(plain, options));
    other.close();
  });
});

describe("of several environments", () => {
  const lanes = 3;
  /** Steps of environments in turn, each with episodes of its own. */
  const playAll = (buffer: Replay, from: number, to: number) => {
    for (let i = from; i < to; i++) {
      const lane = (i * 2 + (i % 5)) % lanes;
      const obs = (k: number) => Float32Array.of(lane, k, i);
      buffer.append(obs(0), i % 5, i / 4, obs(1), i % (11 + lane) === 10, i % 17 === 16, null, null, lane);
      if (i % 29 === 28) buffer.stopEpisode(lane);
      if (i % 97 === 96) buffer.stopEpisode();
    }
  };
  const make = async (directory: string, pieceBytes?: number) => {
    const log = await openReplayLog(directory, pieceBytes === undefined ? {} : { pieceBytes });
    return { log, buffer: new PersistentReplayBuffer({ ...discrete, random: new Random(1) }, log) };
  };

  it("holds what a plain buffer holds, in the next process too, and drops what nobody needs", async () => {
    const directory = join(folder, "lanes");
    const plain = new ReplayBuffer({ ...discrete, random: new Random(1) });
    plain.split(lanes);
    let { log, buffer } = await make(directory, 500);
    buffer.split(lanes);
    let at = 0;
    for (const to of [5, 60, 61, 150, 1_200]) {
      for (const each of [plain, buffer]) playAll(each, at, to);
      at = to;
      buffer.close();
      ({ log, buffer } = await make(directory, 500));
      buffer.split(lanes);
      expect(buffer.size).toBe(plain.size);
      for (const each of [plain, buffer]) each.loadState(each.saveState());
      const same = plain.saveState() as { random: unknown };
      buffer.loadState({ ...(buffer.saveState() as object), random: same.random } as never);
      if (plain.size >= 8)
        for (let i = 0; i < 3; i++) expect(sampled(buffer, discrete)).toEqual(sampled(plain, discrete));
    }
    playAll(buffer, 1_200, 1_300);
    expect(log.begin).toBeGreaterThan(10_000);
    buffer.close();
  });

  it("refuses a log of more of them", async () => {
    const directory = join(folder, "more-lanes");
    const { buffer } = await make(directory);
    buffer.split(lanes);
    playAll(buffer, 0, 30);
    buffer.close();
    const { buffer: alone } = await make(directory);
    const append = () => alone.append([0, 0, 0], 0, 0, [0, 0, 0], false, false);
    expect(append).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: replay: the log must be of as many environments as the buffer, 1; got one of 3. Call split(3), or begin in an empty directory.]`,
    );
    expect(() => alone.split(2)).toThrow("got one of 3. Call split(3)");
    alone.close();
  });
});

describe("files", () => {
  it("that hold nothing of the last steps are removed", async () => {
    const directory = join(folder, "pieces");
    const log = await openReplayLog(directory, { pieceBytes: 500 });
    const buffer = new PersistentReplayBuffer({ ...discrete, random: new Random(1) }, log);
    play(buffer, discrete, 0, 3_000);
    buffer.close();
    expect(readdirSync(directory).length).toBeLessThan(8);
    expect(log.begin).toBeGreaterThan(30_000);
    const again = new PersistentReplayBuffer({ ...discrete, random: new Random(1) }, await openReplayLog(directory));
    expect(again.size).toBe(40);
    again.close();
  });

  it("lose a record that a crash cut off", async () => {
    const directory = join(folder, "torn");
    const buffer = new PersistentReplayBuffer({ ...discrete, random: new Random(1) }, await openReplayLog(directory));
    play(buffer, discrete, 0, 9);
    buffer.close();
    appendFileSync(join(directory, readdirSync(directory)[0]!), Uint8Array.of(0, 1, 2, 3));
    const again = new PersistentReplayBuffer({ ...discrete, random: new Random(1) }, await openReplayLog(directory));
    play(again, discrete, 9, 20);
    again.close();
    const plain = new ReplayBuffer({ ...discrete, random: new Random(1) });
    play(plain, discrete, 0, 20);
    const last = new PersistentReplayBuffer({ ...discrete, random: new Random(1) }, await openReplayLog(directory));
    expect(sampled(last, discrete)).toEqual(sampled(plain, discrete));
    last.close();
  });

  it("of something else, and states of another directory, are refused", async () => {
    const directory = join(folder, "other");
    const log = await openReplayLog(directory);
    log.close();
    writeFileSync(
      join(directory, "replay-0000000000000000.bin"),
      Uint8Array.from({ length: 200 }, () => 77),
    );
    const strange = await openReplayLog(directory);
    expect(
      () => new PersistentReplayBuffer({ ...discrete, random: new Random(1) }, strange),
    ).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: replay: the log must hold records of this buffer's options; got flags 77 at byte 0. Open it with the options it was written with.]`,
    );
    const empty = new PersistentReplayBuffer(
      { ...discrete, random: new Random(1) },
      await openReplayLog(join(folder, "empty")),
    );
    expect(() => empty.append([1, 2, 3], 0, 0, [1, 2, 3], false, false, [1, 1])).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: replay: a persistent buffer must be given no action masks; got one of 2 actions. Use ReplayBuffer.]`,
    );
    const random = { ...new Random(0).saveState() };
    expect(() => empty.loadState({ end: 99, random } as never)).toThrow(
      /must reach from byte 0 to the saved place; got 99 of 0/,
    );
  });
});
