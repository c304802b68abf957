/** The ring of steps between two threads. The thread that writes is compiled: run npm run build first. */
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { ActorReplay, type Transition, type TransitionFormat, TransitionRing } from "../../src/replay/index.ts";

const format: TransitionFormat = { obsSize: 3, actionSize: 1, isDiscrete: true, maskSize: 2 };
const memoryOf = (of: TransitionFormat, capacity: number) =>
  new SharedArrayBuffer(TransitionRing.bytesOf(of, capacity));
const makeRing = (capacity: number, of = format) => new TransitionRing(memoryOf(of, capacity), 0, of, capacity);

const step = (i: number, more: Partial<Transition> = {}): Transition => ({
  obs: [i, i, i],
  action: i % 3,
  reward: i / 10,
  nextObs: [i + 1, i + 1, i + 1],
  terminated: false,
  truncated: false,
  mask: null,
  nextMask: null,
  begins: false,
  ...more,
});
const plain = (x: Transition) => ({
  ...x,
  obs: Array.from(x.obs),
  action: typeof x.action === "number" ? x.action : Array.from(x.action),
  nextObs: Array.from(x.nextObs),
  mask: x.mask && Array.from(x.mask),
  nextMask: x.nextMask && Array.from(x.nextMask),
});

describe("a ring of steps", () => {
  it("gives them back in order, round and round", () => {
    const ring = makeRing(4);
    let written = 0;
    let read = 0;
    for (const [writes, reads] of [
      [3, 2],
      [3, 4],
      [4, 1],
      [1, 4],
      [2, 2],
    ] as const) {
      for (let i = 0; i < writes; i++) expect(ring.write(step(written++))).toBe(true);
      for (let i = 0; i < reads; i++) {
        expect(plain(ring.oldest())).toEqual(step(read++));
        ring.release();
      }
      expect(ring.waiting).toBe(written - read);
    }
    expect(read).toBe(13);
  });

  it("keeps all of a step", () => {
    const ring = makeRing(2);
    for (const more of [
      { terminated: true, begins: true },
      { truncated: true, mask: [0, 1] },
      { nextMask: [1, 0] },
      { mask: [1, 1], nextMask: [0, 1], terminated: true, truncated: true },
    ]) {
      ring.write(step(7, more));
      expect(plain(ring.oldest())).toEqual(step(7, more));
      ring.release();
    }
  });

  it("keeps actions of several numbers", () => {
    const ring = makeRing(2, { obsSize: 3, actionSize: 2, isDiscrete: false, maskSize: 0 });
    ring.write(step(1, { action: [0.25, -1] }));
    ring.write(step(2, { action: [3, 4] }));
    expect(plain(ring.oldest()).action).toEqual([0.25, -1]);
    ring.release();
    expect(plain(ring.oldest()).action).toEqual([3, 4]);
  });

  it("takes nothing where it is full, and what was there stays", () => {
    const ring = makeRing(2);
    expect([1, 2, 3].map((i) => ring.write(step(i)))).toEqual([true, true, false]);
    expect(plain(ring.oldest())).toEqual(step(1));
    ring.release();
    expect(ring.write(step(4))).toBe(true);
    expect(ring.waiting).toBe(2);
  });

  it("refuses a mask of another size, and has not taken the step then", () => {
    const ring = makeRing(2);
    expect(() => ring.write(step(1, { nextMask: [1, 1, 0] }))).toThrow(
      "replay: every mask must hold 2 numbers, one an action; got 3. Look at info.actionMask.",
    );
    expect(ring.waiting).toBe(0);
  });

  it("goes on where its counters have wrapped", () => {
    const memory = memoryOf(format, 4);
    const counters = new Int32Array(memory, 0, 32);
    counters.fill(2 ** 31 - 2);
    const ring = new TransitionRing(memory, 0, format, 4);
    expect(ring.waiting).toBe(0);
    for (let i = 0; i < 4; i++) expect(ring.write(step(i))).toBe(true);
    expect(ring.write(step(4))).toBe(false);
    for (let i = 0; i < 4; i++) {
      expect(plain(ring.oldest())).toEqual(step(i));
      ring.release();
    }
    expect(ring.waiting).toBe(0);
  });

  it.each([1, 2, 64])("of %i steps: a thread writes, this one reads, every step is whole", async (capacity) => {
    const steps = 5_000;
    const memory = memoryOf(format, capacity);
    const url = new URL("../fixtures/actors/ringWriter.mjs", import.meta.url);
    const writer = new Worker(url, { workerData: { memory, format, capacity, steps } });
    const left = new Promise((resolve) => writer.on("exit", resolve));
    const ring = new TransitionRing(memory, 0, format, capacity);
    let torn = 0;
    let most = 0;
    for (let i = 0; i < steps; ) {
      most = Math.max(most, ring.waiting);
      if (ring.waiting === 0) {
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      const mask = [i % 251, i % 251];
      const expected = step(i, {
        action: i % 7,
        reward: i / 3,
        terminated: i % 5 === 4,
        truncated: i % 11 === 10,
        mask: i % 2 === 0 ? mask : null,
        nextMask: i % 3 === 0 ? mask : null,
        begins: i % 5 === 0,
      });
      if (JSON.stringify(plain(ring.oldest())) !== JSON.stringify(expected)) torn++;
      ring.release();
      i++;
    }
    expect(torn).toBe(0);
    expect(most).toBeLessThanOrEqual(capacity);
    expect(await left).toBe(0);
  });
});

describe("an actor's replay buffer", () => {
  const make = (ring: TransitionRing, isStopping = () => false) => {
    let [told, counted] = [0, 40];
    const replay = new ActorReplay({
      ring,
      learnerSize: () => 123,
      isStopping,
      onWritten: () => told++,
      countStep: () => ++counted,
    });
    return { replay, told: () => told };
  };

  it("hands steps on, and says where episodes begin", () => {
    const ring = makeRing(8);
    const { replay, told } = make(ring);
    const ends = [
      [false, false],
      [true, false],
      [false, true],
      [false, false],
    ] as const;
    for (const [terminated, truncated] of ends) replay.append([0, 0, 0], 1, 0, [1, 1, 1], terminated, truncated);
    replay.stopEpisode();
    replay.append([0, 0, 0], 1, 0, [1, 1, 1], false, false);
    const begins: boolean[] = [];
    for (; ring.waiting > 0; ring.release()) begins.push(ring.oldest().begins);
    expect(begins).toEqual([true, false, true, true, true]);
    expect([told(), replay.size, replay.countStep()]).toEqual([5, 123, 41]);
  });

  it("waits for room, and gives up once it is to stop", () => {
    const ring = makeRing(1);
    let asked = 0;
    const { replay, told } = make(ring, () => ++asked > 2);
    for (let i = 0; i < 2; i++) replay.append([i, i, i], 1, 0, [1, 1, 1], false, false);
    expect(asked).toBe(3);
    expect(told()).toBe(1);
    expect(plain(ring.oldest()).obs).toEqual([0, 0, 0]);
  });
});
