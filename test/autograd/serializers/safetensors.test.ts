import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../../../src/autograd/serializers/index.ts";
import { ShapeError, UsageError } from "../../../src/errors.ts";

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/safetensors/${name}`, import.meta.url));

/** A file from its parts: the header's text as it is, then the data. */
function file(header: string, data: ArrayLike<number> = [], headerBytes = new TextEncoder().encode(header).length) {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

describe("encodeSafetensors", () => {
  it("writes the header's length, the header and the data, little-endian", () => {
    const bytes = encodeSafetensors({ w: { shape: [1, 2], data: new Float32Array([1, -2]) } });
    const header = '{"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}';
    expect(header.length).toBe(0x38);
    expect(Buffer.from(bytes).toString("hex")).toBe(
      "3800000000000000" + Buffer.from(header).toString("hex") + "0000803f" + "000000c0",
    );
  });

  it("pads the header to a multiple of 8 with spaces", () => {
    const bytes = encodeSafetensors({ bias: { shape: [1], data: new Uint8Array([7]) } });
    const text = '{"bias":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}';
    const header = Buffer.from(bytes.subarray(8, bytes.length - 1)).toString();
    expect(header.trimEnd()).toBe(text);
    expect(header.length % 8).toBe(0);
    expect(bytes.at(-1)).toBe(7);
  });

  it("writes an empty file with nothing but a header", () => {
    expect(Buffer.from(encodeSafetensors({})).toString("hex")).toBe("0800000000000000" + "7b7d" + "20".repeat(6));
  });

  it("puts metadata first, then larger alignments, then names in order, whatever the order given", () => {
    const bytes = encodeSafetensors(
      {
        z: { shape: [1], data: new Uint8Array([1]) },
        b: { shape: [], data: new Float32Array([1]) },
        "2": { shape: [1], data: new Float32Array([2]) },
        a: { shape: [1], data: new BigInt64Array([3n]) },
      },
      { agent: "DQN" },
    );
    const header = Buffer.from(bytes.subarray(8)).toString().split("}}")[0];
    expect(header).toBe(
      '{"__metadata__":{"agent":"DQN"},"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},' +
        '"2":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"b":{"dtype":"F32","shape":[],"data_offsets":[12,16]},' +
        '"z":{"dtype":"U8","shape":[1],"data_offsets":[16,17]',
    );
  });

  it("writes the bytes that Python's safetensors 0.8.0 writes", () => {
    const python = fixture("numpyTypes.safetensors");
    const { tensors, metadata } = decodeSafetensors(python);
    expect(Buffer.from(encodeSafetensors(tensors, metadata)).equals(python)).toBe(true);
  });

  it("writes views into larger memory", () => {
    const memory = new Float32Array([9, 1, 2, 9]);
    const bytes = encodeSafetensors({ x: { shape: [2], data: memory.subarray(1, 3) } });
    expect(decodeSafetensors(bytes).tensors.x!.data).toEqual(new Float32Array([1, 2]));
  });

  it("refuses what a file cannot hold", () => {
    const x = new Float32Array(6);
    expect(() => encodeSafetensors({ x: { shape: [2, 2], data: x } })).toThrow(
      new ShapeError(
        "safetensors: the shape and the data of x must agree; got (2, 2) and 6 numbers. Pass the shape of the data.",
      ),
    );
    expect(() => encodeSafetensors({ __metadata__: { shape: [6], data: x } })).toThrow(
      new UsageError("safetensors: a tensor must not be named __metadata__; got one. Rename the tensor."),
    );
    expect(() => encodeSafetensors({ x: { shape: [1], data: new Uint8ClampedArray(1) } })).toThrow(
      /the data of x must be one of .*; got Uint8ClampedArray\. Convert it first\./,
    );
  });
});

describe("decodeSafetensors", () => {
  it("reads every dtype that Python wrote", () => {
    const { tensors, metadata } = decodeSafetensors(fixture("everyDtype.safetensors"));
    expect(metadata).toEqual({ format: "np" });
    const f32 = (...x: number[]) => new Float32Array(x);
    expect(tensors).toEqual({
      "linear.w": { dtype: "F32", shape: [2, 3], data: f32(-0.5, -0.25, 0, 0.25, 0.5, 0.75) },
      "linear.b": { dtype: "F32", shape: [3], data: f32(1.5, -2, 0.1) },
      "10": { dtype: "F64", shape: [1], data: new Float64Array([1 / 3]) },
      scalar: { dtype: "I64", shape: [], data: new BigInt64Array([7n]) },
      half: { dtype: "F16", shape: [5], data: f32(1, -0.5, 65504, 2 ** -24, Number.POSITIVE_INFINITY) },
      mask: { dtype: "BOOL", shape: [3], data: new Uint8Array([1, 0, 1]) },
      u8: { dtype: "U8", shape: [2], data: new Uint8Array([0, 255]) },
      i8: { dtype: "I8", shape: [2], data: new Int8Array([-128, 127]) },
      u16: { dtype: "U16", shape: [1], data: new Uint16Array([65535]) },
      i16: { dtype: "I16", shape: [1], data: new Int16Array([-32768]) },
      u32: { dtype: "U32", shape: [1], data: new Uint32Array([4294967295]) },
      i32: { dtype: "I32", shape: [1], data: new Int32Array([-2147483648]) },
      u64: { dtype: "U64", shape: [1], data: new BigUint64Array([18446744073709551615n]) },
      empty: { dtype: "F32", shape: [0, 4], data: f32() },
      'näme "quoted"': { dtype: "F32", shape: [1], data: f32(9) },
    });
  });

  it("widens BF16: 1, -2.5 and 3.140625", () => {
    const bytes = file('{"b":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]}}', [0x80, 0x3f, 0x20, 0xc0, 0x49, 0x40]);
    expect(decodeSafetensors(bytes).tensors.b!.data).toEqual(new Float32Array([1, -2.5, 3.140625]));
  });

  it("widens F16: subnormal, smallest normal, -0, NaN", () => {
    const halves = [0x01, 0x00, 0x00, 0x04, 0x00, 0x80, 0x00, 0x7e];
    const bytes = file('{"h":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}', halves);
    expect(decodeSafetensors(bytes).tensors.h!.data).toEqual(new Float32Array([2 ** -24, 2 ** -14, -0, Number.NaN]));
  });

  it("reads data at any offset in memory and copies it", () => {
    const bytes = encodeSafetensors({ x: { shape: [1], data: new Float64Array([0.1]) } });
    const shifted = new Uint8Array(bytes.length + 3).subarray(3);
    shifted.set(bytes);
    const { x } = decodeSafetensors(shifted).tensors;
    shifted.fill(0);
    expect(x!.data).toEqual(new Float64Array([0.1]));
  });

  it("keeps a tensor named __proto__ a tensor", () => {
    const { tensors } = decodeSafetensors(file('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [5]));
    expect(Object.keys(tensors)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(tensors)).toBe(Object.prototype);
  });

  const u8 = (shape: string, offsets: string) => `{"dtype":"U8","shape":${shape},"data_offsets":${offsets}}`;
  const brokenFiles: [string, Uint8Array, string][] = [
    [
      "too short for a header length",
      new Uint8Array(3),
      "safetensors: a file must begin with 8 bytes of header length; got 3 bytes. This is no safetensors file.",
    ],
    [
      "another format (zip)",
      new Uint8Array([0x50, 0x4b, 3, 4, 20, 0, 0, 0, 8, 0]),
      "safetensors: the header must take 2 to 100000000 bytes; got 85966670672. This is no safetensors file.",
    ],
    [
      "another format (zeros)",
      new Uint8Array(64),
      "safetensors: the header must take 2 to 100000000 bytes; got 0. This is no safetensors file.",
    ],
    [
      "no brace",
      file("[1,2]"),
      'safetensors: the header must begin with "{"; got byte 0x5b. This is no safetensors file.',
    ],
    [
      "cut short within the header",
      file("{}", [], 100),
      "safetensors: the header must end within the file, at byte 108; got 10 bytes. " +
        "The file was cut short; get it again.",
    ],
    [
      "metadata that is not text",
      file('{"__metadata__":{"step":1}}'),
      'safetensors: __metadata__ must be an object of strings; got {"step":1}. ' +
        "The program that wrote the file has a mistake; write it again with another.",
    ],
    [
      "an entry that is no object",
      file('{"x":1}'),
      "safetensors: the header's entry for x must be an object; got 1. " +
        "The program that wrote the file has a mistake; write it again with another.",
    ],
    [
      "an unknown dtype",
      file('{"x":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}', [0, 0, 0, 0]),
      "safetensors: the dtype of x must be one of U64, I64, F64, F32, U32, I32, BF16, F16, U16, I16, I8, U8, BOOL; " +
        "got f32. Was F32 meant?",
    ],
    [
      "a dtype of another kind",
      file('{"x":{"dtype":"complex64","shape":[1],"data_offsets":[0,8]}}', new Uint8Array(8)),
      "safetensors: the dtype of x must be one of U64, I64, F64, F32, U32, I32, BF16, F16, U16, I16, I8, U8, BOOL; " +
        "got complex64. Convert the tensor to F32 before it is saved.",
    ],
    [
      "a negative dimension",
      file(`{"x":${u8("[-1]", "[0,1]")}}`, [0]),
      "safetensors: the shape of x must be a list of counts; got [-1]. " +
        "The program that wrote the file has a mistake; write it again with another.",
    ],
    [
      "a shape whose product overflows",
      file(`{"x":${u8("[4294967296,4294967296]", "[0,1]")}}`, [0]),
      "safetensors: the shape of x must be a list of counts; got [4294967296,4294967296]. " +
        "The program that wrote the file has a mistake; write it again with another.",
    ],
    [
      "offsets in the wrong order",
      file(`{"x":${u8("[1]", "[1,0]")}}`, [0]),
      "safetensors: data_offsets of x must be two counts in order; got [1,0]. " +
        "The program that wrote the file has a mistake; write it again with another.",
    ],
    [
      "offsets that do not fit the shape",
      file(`{"x":${u8("[2,2]", "[0,3]")}}`, [0, 0, 0]),
      "safetensors: x, U8 (2, 2), must take 4 bytes; got data_offsets 0 to 3. " +
        "The program that wrote the file has a mistake; write it again with another.",
    ],
    [
      "a gap",
      file(`{"x":${u8("[1]", "[0,1]")},"y":${u8("[1]", "[2,3]")}}`, [0, 0, 0]),
      "safetensors: tensors must leave no gap: y must begin at byte 1; got 2. " +
        "The program that wrote the file has a mistake; write it again with another.",
    ],
    [
      "an overlap",
      file(`{"x":${u8("[2]", "[0,2]")},"y":${u8("[2]", "[1,3]")}}`, [0, 0, 0]),
      "safetensors: tensors must not overlap: y must begin at byte 2; got 1. " +
        "The program that wrote the file has a mistake; write it again with another.",
    ],
    [
      "cut short within the data",
      file(`{"x":${u8("[4]", "[0,4]")}}`, [1, 2]),
      "safetensors: the header's tensors must take up the data exactly, 4 bytes; got 2. " +
        "The file was cut short; get it again.",
    ],
    [
      "something appended",
      file(`{"x":${u8("[1]", "[0,1]")}}`, [1, 2]),
      "safetensors: the header's tensors must take up the data exactly, 1 bytes; got 2. " +
        "Something was appended to the file; get it again.",
    ],
  ];
  it.each(brokenFiles)("refuses a file that is broken: %s", (_what, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(new UsageError(message));
  });

  it("refuses a header that is not JSON or not UTF-8", () => {
    expect(() => decodeSafetensors(file('{"x":'))).toThrow(
      /^safetensors: the header must be JSON in UTF-8; got ".*"\./,
    );
    expect(() => decodeSafetensors(file("{    }").fill(0xff, 10, 12))).toThrow(/the header must be JSON in UTF-8/);
  });

  it("refuses every file that was cut anywhere", () => {
    const whole = fixture("everyDtype.safetensors");
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeSafetensors(whole.subarray(0, length))).toThrow(UsageError);
    }
  });
});

/** An independent reader: the format's page in twenty lines of Python, with no library. */
const reader = `
import json, struct, sys
raw = open(sys.argv[1], "rb").read()
(n,) = struct.unpack("<Q", raw[:8])
assert n % 8 == 0, n
text = raw[8:8 + n].decode("utf-8")
assert text.startswith("{"), text
header = json.loads(text)
metadata = header.pop("__metadata__", {})
data = raw[8 + n:]
letters = dict(F64="d", F32="f", I64="q", U64="Q", I32="i", U32="I", I16="h", U16="H", I8="b", U8="B")
tensors, at = {}, 0
for name, info in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
    begin, end = info["data_offsets"]
    assert begin == at and begin % struct.calcsize(letters[info["dtype"]]) == 0, (name, begin)
    count = 1
    for dimension in info["shape"]:
        count *= dimension
    values = struct.unpack("<%d%s" % (count, letters[info["dtype"]]), data[begin:end])
    tensors[name] = [info["dtype"], info["shape"], [str(value) for value in values]]
    at = end
assert at == len(data), (at, len(data))
print(json.dumps({"metadata": metadata, "tensors": tensors}))
`;
const hasPython = spawnSync("python3", ["--version"]).status === 0;

describe("a reader in Python (needs python3)", () => {
  it.skipIf(!hasPython)("reads what was written", () => {
    const bytes = encodeSafetensors(
      {
        "policy.linear.w": { shape: [2, 2], data: new Float32Array([1, -2.5, 0.25, 1024]) },
        näme: { shape: [], data: new Float64Array([0.1]) },
        steps: { shape: [1], data: new BigUint64Array([2n ** 63n]) },
        counts: { shape: [3], data: new Int32Array([-1, 0, 7]) },
        flags: { shape: [1, 3], data: new Uint8Array([1, 0, 255]) },
        none: { shape: [0], data: new Int16Array(0) },
      },
      { agent: "DQN", 'quoted "key"': "line\nbreak" },
    );
    const directory = mkdtempSync(join(tmpdir(), "safetensors-"));
    const path = join(directory, "model.safetensors");
    writeFileSync(path, bytes);
    const { status, stdout, stderr } = spawnSync("python3", ["-c", reader, path], { encoding: "utf8" });
    rmSync(directory, { recursive: true });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      metadata: { agent: "DQN", 'quoted "key"': "line\nbreak" },
      tensors: {
        "policy.linear.w": ["F32", [2, 2], ["1.0", "-2.5", "0.25", "1024.0"]],
        näme: ["F64", [], ["0.1"]],
        steps: ["U64", [1], ["9223372036854775808"]],
        counts: ["I32", [3], ["-1", "0", "7"]],
        flags: ["U8", [1, 3], ["1", "0", "255"]],
        none: ["I16", [0], []],
      },
    });
  });
});
