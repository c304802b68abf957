/** Parameters that one thread publishes and others take over. The thread that publishes is compiled. */
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { BatchNormalization, Linear, type Link, PublishedParameters, Sequential } from "../../src/autograd/index.ts";
import { Random } from "../../src/random.ts";

const network = (seed: number): Link =>
  new Sequential(new Linear(3, 5, { random: new Random(seed) }), new BatchNormalization(5));
const numbers = (link: Link) => [...link.namedParameters(), ...link.namedPersistents()].map(([, x]) => [...x.data]);

describe("published parameters", () => {
  it("are taken over whole, with running statistics and what was noted", () => {
    const [teacher, pupil] = [network(1), network(2)];
    for (const [, x] of teacher.namedPersistents()) x.data.fill(7);
    const memory = new SharedArrayBuffer(8 + PublishedParameters.bytesOf(teacher));
    const published = new PublishedParameters(teacher, memory, 8);
    const taken = new PublishedParameters(pupil, memory, 8);
    const before = numbers(pupil);
    taken.takeOver();
    expect(numbers(pupil)).toEqual(before);
    for (const note of [5, 6, 7]) {
      for (const [, x] of teacher.namedParameters()) x.data.fill(note);
      published.publish(note);
      taken.takeOver();
      expect(numbers(pupil)).toEqual(numbers(teacher));
      expect(taken.note).toBe(note);
    }
    // the same version is not copied again
    for (const [, x] of pupil.namedParameters()) x.data.fill(0);
    taken.takeOver();
    expect(numbers(pupil)).not.toEqual(numbers(teacher));
  });

  it("are never a mixture of two versions", async () => {
    const inSize = 200;
    const pupil = new Linear(inSize, inSize, { random: new Random(1) });
    const memory = new SharedArrayBuffer(PublishedParameters.bytesOf(pupil));
    const control = new Int32Array(new SharedArrayBuffer(4));
    const url = new URL("../fixtures/actors/publisher.mjs", import.meta.url);
    const publisher = new Worker(url, { workerData: { memory, control, inSize } });
    const left = new Promise((resolve) => publisher.on("exit", resolve));
    const taken = new PublishedParameters(pupil, memory, 0);
    const seen = new Set<number>();
    let mixed = 0;
    while (seen.size < 150) {
      taken.takeOver();
      const { data } = [...pupil.namedParameters()][0]![1];
      if (taken.note > 0 && !data.every((x) => x === taken.note)) mixed++;
      if (!seen.has(taken.note)) seen.add(taken.note);
      else await new Promise((resolve) => setImmediate(resolve));
    }
    Atomics.store(control, 0, 1);
    expect(mixed).toBe(0);
    expect(await left).toBe(0);
  });
});
