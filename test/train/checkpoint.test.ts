/** The checkpoint file: whatever goes in comes out, and no damaged byte goes unseen. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { DeviceError, InternalError } from "../../src/errors.ts";
import { Random } from "../../src/random.ts";
import type { State } from "../../src/state.ts";
import { readCheckpoint, writeCheckpoint } from "../../src/train/checkpoint.ts";
import { FileError } from "../../src/train/index.ts";

let folder: string;
let file: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-checkpoint-"));
  file = path.join(folder, "state.safetensors");
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Every kind of leaf, some of them odd. */
const tree = {
  numbers: [0, -0, 1, -1.5, 1e308, 5e-324, Number.MAX_SAFE_INTEGER, Number.NaN, Infinity, -Infinity],
  texts: ["", "plain", 'quotes " and \\ and \n', "猫 🐈 \u2028", "NaN", "$tensor"],
  flags: { yes: true, no: false, nothing: null },
  "a name/with a slash": { "": [[], {}, [{ deep: [[1, [2, [3]]]] }]] },
  arrays: {
    f32: Float32Array.of(1, -0, Number.NaN, Infinity, -Infinity, 1e-45),
    f64: Float64Array.of(Math.PI, -0, Number.NaN, Infinity, -Infinity, 5e-324),
    i32: Int32Array.of(0, -1, 2 ** 31 - 1, -(2 ** 31)),
    u32: Uint32Array.of(0, 2 ** 32 - 1),
    u8: Uint8Array.of(0, 1, 255),
    u64: BigUint64Array.of(0n, 2n ** 64n - 1n),
    empty: new Float32Array(0),
    part: new Float32Array(Float32Array.of(9, 1, 2, 9).buffer, 4, 2),
  },
} satisfies State;

/** The message that a file is refused with. */
function refusal(name = file): string {
  try {
    readCheckpoint(name);
  } catch (error) {
    expect(error).toBeInstanceOf(FileError);
    return (error as Error).message.replace(name, "FILE");
  }
  throw new Error("test: the file must be refused; got a state.");
}

/** The same as in the specification of safetensors: 8 bytes of length, JSON, data. */
function openSafetensors(bytes: Buffer): { header: Record<string, unknown>; data: Buffer } {
  const length = Number(bytes.readBigUInt64LE());
  return { header: JSON.parse(bytes.toString("utf8", 8, 8 + length)), data: bytes.subarray(8 + length) };
}

describe("round trip", () => {
  test("every type, special numbers, nested trees", () => {
    writeCheckpoint(file, 1234, tree);
    const { step, state } = readCheckpoint(file);
    expect(step).toBe(1234);
    // toStrictEqual tells -0 from 0 and types from another
    expect(state).toStrictEqual({ ...tree, arrays: { ...tree.arrays, part: Float32Array.of(1, 2) } });
    const { arrays } = state as unknown as typeof tree;
    for (const [name, array] of Object.entries(arrays)) {
      const before: ArrayBufferView = tree.arrays[name as keyof typeof tree.arrays];
      expect(Buffer.from(array.buffer, array.byteOffset, array.byteLength), name).toEqual(
        Buffer.from(before.buffer, before.byteOffset, before.byteLength),
      );
    }
  });

  test("names with slashes in them are not taken for one another", () => {
    const state = { "a/b": Uint8Array.of(1), a: { b: Uint8Array.of(2) }, "a~1b": Uint8Array.of(3) };
    writeCheckpoint(file, 0, state);
    expect(readCheckpoint(file).state).toStrictEqual(state);
  });

  test("a bare leaf is a tree too", () => {
    for (const leaf of [7, -0, "text", null, true, Float32Array.of(1, 2), []]) {
      writeCheckpoint(file, 0, leaf);
      expect(readCheckpoint(file).state).toStrictEqual(leaf);
    }
  });

  test("the same state gives the same bytes", () => {
    writeCheckpoint(file, 5, tree);
    const once = fs.readFileSync(file);
    writeCheckpoint(file, 5, readCheckpoint(file).state);
    expect(fs.readFileSync(file).equals(once)).toBe(true);
  });

  test("arrays larger than one piece", () => {
    const large = new Uint8Array((1 << 26) + 3);
    large[1 << 26] = 7;
    writeCheckpoint(file, 1, { large });
    const { state } = readCheckpoint(file);
    expect(Buffer.compare((state as { large: Uint8Array }).large, large)).toBe(0);
  });

  test("what is no state is a mistake of ours, and no file is written", () => {
    const file = path.join(folder, "none.safetensors");
    class Thing {}
    for (const bad of [undefined, new Map(), new Thing(), () => 1, { $tensor: "x" }, 1n, new Float32Array(2).buffer]) {
      expect(() => writeCheckpoint(file, 0, { a: [bad as State] })).toThrow(InternalError);
      expect(() => writeCheckpoint(file, 0, { a: [bad as State] })).toThrow("state/a/0");
    }
    expect(fs.existsSync(file)).toBe(false);
  });
});

test("the file is safetensors: aligned, without gaps, larger elements first", () => {
  writeCheckpoint(file, 3, tree);
  const bytes = fs.readFileSync(file);
  const { header, data } = openSafetensors(bytes);
  const { __metadata__: metadata, ...places } = header as Record<string, never>;
  expect(Object.values(metadata).every((value) => typeof value === "string")).toBe(true);
  expect(metadata).toMatchObject({ format: "kusari-checkpoint", version: "1", step: "3" });
  const sizes = { F64: 8, U64: 8, F32: 4, I32: 4, U32: 4, U8: 1 };
  let end = 0;
  let last = 8;
  const entries = Object.entries(places) as [
    string,
    { dtype: keyof typeof sizes; shape: [number]; data_offsets: [number, number] },
  ][];
  expect(entries.map(([name]) => name).sort()).toEqual(
    Object.keys(tree.arrays)
      .map((name) => `state/arrays/${name}`)
      .sort(),
  );
  for (const [name, { dtype, shape, data_offsets }] of entries) {
    const size = sizes[dtype];
    expect(data_offsets, name).toEqual([end, end + size * shape[0]]);
    expect((bytes.length - data.length + end) % size, name).toBe(0);
    expect(size).toBeLessThanOrEqual(last);
    last = size;
    end = data_offsets[1];
  }
  expect(data.length).toBe(end);
  const { data_offsets } = places["state/arrays/f64"]!;
  expect(data.readDoubleLE(data_offsets[0])).toBe(Math.PI);
});

describe("a damaged file is refused in one sentence", () => {
  let whole: Buffer;
  let headerEnd: number;
  beforeAll(() => {
    writeCheckpoint(file, 3, tree);
    whole = fs.readFileSync(file);
    headerEnd = 8 + Number(whole.readBigUInt64LE());
  });
  const damaged = (bytes: Uint8Array | string) => {
    fs.writeFileSync(file, bytes);
    return refusal();
  };

  test("cut off anywhere", () => {
    const lengths = [0, 1, 7, 8, 9, headerEnd >> 1, headerEnd - 1, headerEnd, headerEnd + 1, whole.length - 1];
    for (const length of lengths) {
      expect(damaged(whole.subarray(0, length)), `${length} bytes`).toMatch(
        /^resume: FILE [^;]+; got \d+( bytes)?\. It is cut off\. /,
      );
    }
    expect(damaged("")).toMatchInlineSnapshot(
      `"resume: FILE must begin with 8 bytes of header length; got 0 bytes. It is cut off. Resume from another checkpoint."`,
    );
    expect(damaged(whole.subarray(0, 8))).toMatch(/must have a header of \d+ bytes; got 0\./);
    expect(damaged(whole.subarray(0, whole.length - 1)).replaceAll(/\d{2,}/g, "#")).toMatchInlineSnapshot(
      `"resume: FILE must have at least # bytes; got #. It is cut off. Resume from another checkpoint."`,
    );
  });

  test("one changed byte anywhere", () => {
    const random = new Random("one changed byte");
    const positions = [...Array(8).keys(), ...Array.from({ length: 300 }, () => random.integer(headerEnd))];
    for (let i = 0; i < 200; i++) positions.push(headerEnd + random.integer(whole.length - headerEnd));
    const fd = fs.openSync(file, "w");
    fs.writeSync(fd, whole);
    const said = new Set<string>();
    for (const at of positions) {
      // one bit: of all changes the one most easily missed
      fs.writeSync(fd, Uint8Array.of(whole[at]! ^ (1 << random.integer(8))), 0, 1, at);
      const message = refusal();
      expect(message).toMatch(/^resume: FILE must [^;]+; got [^;]+\. It is [^;]+\.$/);
      said.add(message.replaceAll(/\b[0-9a-f]{8}\b|\d+/g, "#").slice(0, 60));
      fs.writeSync(fd, whole, at, 1, at);
    }
    fs.closeSync(fd);
    expect(readCheckpoint(file).step).toBe(3);
    expect([...said].some((message) => message.includes("of its header"))).toBe(true);
    expect([...said].some((message) => message.includes("of its data"))).toBe(true);
  });

  test("of another version", () => {
    const text = whole.toString("latin1");
    const other = text.replace('"version":"1"', '"version":"2"');
    expect(other).not.toBe(text);
    expect(damaged(Buffer.from(other, "latin1"))).toMatchInlineSnapshot(
      `"resume: FILE must be of version 1; got 2. It is of another version of kusari: resume with that version, or begin a new run."`,
    );
  });

  test("foreign files", () => {
    const safetensors = (json: string) => {
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
      return Buffer.concat([length, Buffer.from(json)]);
    };
    const model = '{"__metadata__":{"format":"pt"},"w":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}';
    const random = new Random("a foreign file");
    const said = [
      "GIF89a and the rest of a picture",
      safetensors("not JSON"),
      safetensors(model),
      ...['{"w":{}}', "{}", "[]", "null", "3", '"text"', '{"__metadata__":null}', '{"__metadata__":3}'].map(
        safetensors,
      ),
      new Uint8Array(4096),
      Uint8Array.from({ length: 4096 }, () => random.integer(256)).fill(0xff, 7, 8),
    ].map((bytes) => damaged(bytes));
    for (const message of said)
      expect(message).toContain("It is damaged or no checkpoint of kusari. Resume from another");
    expect(said[0]).toMatchInlineSnapshot(
      `"resume: FILE must have a header of 6998700719318911000 bytes; got 24. It is damaged or no checkpoint of kusari. Resume from another checkpoint."`,
    );
    expect(said[2]).toMatchInlineSnapshot(
      `"resume: FILE must be of format kusari-checkpoint; got pt. It is damaged or no checkpoint of kusari. Resume from another checkpoint."`,
    );
  });
});

describe("a write that fails leaves the old file as it was", () => {
  const failing = (call: "writeSync" | "fsyncSync" | "renameSync") => {
    const error = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    return vi.spyOn(fs, call).mockImplementation(() => {
      throw error;
    });
  };

  test.each(["writeSync", "fsyncSync", "renameSync"] as const)("fs.%s", (call) => {
    writeCheckpoint(file, 3, tree);
    const old = fs.readFileSync(file);
    const stub = failing(call);
    expect(() => writeCheckpoint(file, 4, [])).toThrow(DeviceError);
    expect(() => writeCheckpoint(file, 4, [])).toThrow(
      `train: ${file} must be writable; the disk is full (ENOSPC). Free some space.`,
    );
    expect(stub).toHaveBeenCalledTimes(2);
    stub.mockRestore();
    expect(fs.readFileSync(file).equals(old)).toBe(true);
    expect(fs.readdirSync(folder)).toEqual([path.basename(file)]);
  });

  test("a disk that takes a few bytes at a time is no failure", () => {
    const { writeSync } = fs;
    vi.spyOn(fs, "writeSync").mockImplementation(((fd: number, bytes: Uint8Array, at: number) =>
      writeSync(fd, bytes, at, Math.min(100, bytes.length - at))) as typeof fs.writeSync);
    writeCheckpoint(file, 9, tree);
    expect(readCheckpoint(file).step).toBe(9);
  });
});
