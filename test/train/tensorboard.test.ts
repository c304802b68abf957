/** Event files, read back by a parser of their own: the framing by hand, the messages by pbf. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { PbfReader } from "pbf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readMetrics, resume, type TrainConfig, train } from "../../src/train/index.ts";
import { crc32c, eventFileName, maskedCrc32c, scalarsRecord } from "../../src/train/tensorboard.ts";
import { cartPole, small, smallHyperparameters, watchedCartPole } from "./smallRun.ts";

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-tensorboard-"));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

interface Event {
  wallTime: number;
  step: number;
  fileVersion?: string;
  scalars: Record<string, number>;
}

/** The data of every record, its checksums looked at. */
function recordsIn(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(view.getUint32(at + 8, true)).toBe(maskedCrc32c(bytes.subarray(at, at + 8)));
    expect(view.getUint32(at + 12 + length, true)).toBe(maskedCrc32c(data));
    records.push(data);
    at += 16 + length;
  }
  return records;
}

const eventOf = (data: Uint8Array): Event =>
  new PbfReader(data).readFields<Event>(
    (field, event, pbf) => {
      if (field === 1) event.wallTime = pbf.readDouble();
      if (field === 2) event.step = pbf.readVarint();
      if (field === 3) event.fileVersion = pbf.readString();
      if (field !== 5) return;
      pbf.readMessage((inSummary, scalars) => {
        if (inSummary !== 1) return;
        const { tag, value } = pbf.readMessage(
          (inValue, found) => {
            if (inValue === 1) found.tag = pbf.readString();
            if (inValue === 2) found.value = pbf.readFloat();
          },
          { tag: "", value: Number.NaN },
        );
        scalars[tag] = value;
      }, event.scalars);
    },
    { wallTime: 0, step: 0, scalars: {} },
  );

const eventsOf = (directory: string): Event[] =>
  recordsIn(fs.readFileSync(path.join(directory, eventFileName))).map(eventOf);

describe("the framing", () => {
  test("CRC-32C is that of RFC 3720, appendix B.4", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  });

  test("a record, by hand", () => {
    // wall_time (1) 1.5, step (2) 300, summary (5) of one value (1) with tag (1) a/b and simple_value (2) 0.25
    const record = Buffer.from(scalarsRecord(1.5, 300, { "a/b": 0.25 }));
    expect(record.subarray(0, 8).readBigUInt64LE()).toBe(BigInt(record.length - 16));
    expect(record.subarray(12, -4).toString("hex")).toBe(
      "09000000000000f83f" + "10ac02" + "2a0c" + "0a0a" + "0a03612f62" + "150000803e",
    );
  });
});

const config = (out: string): TrainConfig => ({
  agent: "dqn",
  env: cartPole(),
  ...small,
  hyperparameters: smallHyperparameters,
  tensorboard: true,
  out,
});

/** What a run's metrics.ndjson says, as its event file should say it, less the clock's numbers. */
function expected(directory: string): { step: number; scalars: Record<string, number> }[] {
  return readMetrics(directory).flatMap((line) => {
    if (line.event === "result") return [];
    const group = line.event === "progress" ? "train" : "evaluation";
    const numbers =
      line.event === "progress"
        ? {
            ...(line.episodeReturn === null ? {} : { episodeReturn: line.episodeReturn }),
            episodes: line.episodes,
            ...line.statistics,
          }
        : (({ episodes: _, ...rest }) => rest)(line.evaluation);
    const scalars = Object.entries(numbers).map(([name, x]) => [`${group}/${name}`, Math.fround(x)]);
    return [{ step: line.step, scalars: Object.fromEntries(scalars) }];
  });
}

const told = (events: readonly Event[]) =>
  events.map(({ step, scalars: { "train/stepsPerSecond": _, ...scalars } }) => ({ step, scalars }));

test("a run's event file says what its metrics say", async () => {
  const out = path.join(folder, "whole");
  const before = Date.now() / 1_000;
  await train(config(out));
  const [first, ...rest] = eventsOf(out);
  expect(first).toEqual({ wallTime: first!.wallTime, step: 0, fileVersion: "brain.Event:2", scalars: {} });
  expect(first!.wallTime).toBeGreaterThanOrEqual(before);
  expect(rest.length).toBe(small.steps / small.reportInterval + small.steps / small.evalInterval);
  expect(told(rest)).toEqual(expected(out));
  expect(rest[0]!.scalars["train/stepsPerSecond"]).toBeGreaterThan(0);
});

test("a resumed run tells every step once", async () => {
  const out = path.join(folder, "resumed");
  // killed 300 steps after the checkpoint of step 400: lines that the resume writes again stand in the file
  let run: ReturnType<typeof train> | null = null;
  const env = watchedCartPole((which, n) => {
    if (which === "train" && n === 750) throw new Error("the machine went away");
  });
  run = train({ ...config(out), env });
  await expect(run).rejects.toThrow("the machine went away");
  const checkpoint = path.join(out, "checkpoints", "step-400.safetensors");
  const linesBefore = eventsOf(out).length;
  await resume(out, { env: cartPole(), checkpoint });
  const [first, ...rest] = eventsOf(out);
  expect(linesBefore).toBeGreaterThan(2);
  expect(first!.fileVersion).toBe("brain.Event:2");
  expect(told(rest)).toEqual(expected(out));
  expect(told(rest)).toEqual(told(eventsOf(path.join(folder, "whole")).slice(1)));
});

test("without the setting there is no event file", async () => {
  const out = path.join(folder, "plain");
  await train({ ...config(out), tensorboard: false, steps: 300 });
  expect(fs.existsSync(path.join(out, eventFileName))).toBe(false);
});
