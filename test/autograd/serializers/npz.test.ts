import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readNpy, readNpz } from "../../../src/autograd/serializers/index.ts";
import { UsageError } from "../../../src/errors.ts";

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/npz/${name}`, import.meta.url));

/** A .npy file of format version 1 from its header's text and its data. */
function npy(header: string, data: ArrayLike<number> = [], version = 1): Uint8Array {
  const prefix = version === 1 ? 10 : 12;
  const bytes = new Uint8Array(prefix + header.length + data.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(bytes.buffer);
  if (version === 1) view.setUint16(8, header.length, true);
  else view.setUint32(8, header.length, true);
  bytes.set(Buffer.from(header, "latin1"), prefix);
  bytes.set(data, prefix + header.length);
  return bytes;
}

const dictionary = (descr: string, order: string, shape: string) =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

describe("readNpz", () => {
  it("reads every dtype of a stored archive", async () => {
    expect(await readNpz(fixture("stored.npz"))).toEqual({
      f8: { dtype: "<f8", shape: [3], data: new Float64Array([1 / 3, -0, Number.POSITIVE_INFINITY]) },
      f4: { dtype: "<f4", shape: [2, 3], data: new Float32Array([0, 0.25, 0.5, 0.75, 1, 1.25]) },
      f2: { dtype: "<f2", shape: [5], data: new Float32Array([1, -0.5, 65504, 2 ** -24, Number.NEGATIVE_INFINITY]) },
      i8: { dtype: "<i8", shape: [2], data: new BigInt64Array([-(2n ** 63n), 2n ** 63n - 1n]) },
      i4: { dtype: "<i4", shape: [2], data: new Int32Array([-2147483648, 2147483647]) },
      i2: { dtype: "<i2", shape: [2], data: new Int16Array([-32768, 32767]) },
      i1: { dtype: "|i1", shape: [2], data: new Int8Array([-128, 127]) },
      u8: { dtype: "<u8", shape: [1], data: new BigUint64Array([2n ** 64n - 1n]) },
      u4: { dtype: "<u4", shape: [1], data: new Uint32Array([4294967295]) },
      u2: { dtype: "<u2", shape: [1], data: new Uint16Array([65535]) },
      u1: { dtype: "|u1", shape: [2], data: new Uint8Array([0, 255]) },
      b1: { dtype: "|b1", shape: [2], data: new Uint8Array([1, 0]) },
      scalar: { dtype: "<f8", shape: [], data: new Float64Array([2.5]) },
      empty: { dtype: "<f4", shape: [0, 3], data: new Float32Array(0) },
    });
  });

  it("reads a compressed archive, Fortran order and names with slashes", async () => {
    const arrays = await readNpz(fixture("deflated.npz"));
    expect(Object.keys(arrays).sort()).toEqual(["fortran", "linear/W", "zeros"]);
    expect(arrays.fortran).toEqual({
      dtype: "<i4",
      shape: [2, 3, 4],
      data: Int32Array.from({ length: 24 }, (_, i) => i),
    });
    expect(arrays.zeros).toEqual({ dtype: "<f4", shape: [50, 40], data: new Float32Array(2000) });
    expect(arrays["linear/W"]!.data).toEqual(new Float32Array([0, 1, 2, 3, 4, 5]));
  });

  it("names the array that cannot be read", async () => {
    await expect(readNpz(fixture("objects.npz"))).rejects.toThrow(
      new UsageError(
        "npz, array none: the dtype must be one of <f8 <f4 <f2 <i8 <i4 <i2 |i1 <u8 <u4 <u2 |u1 |b1; got |O. " +
          "Python objects (None, for one) cannot be read: leave them out when saving.",
      ),
    );
    await expect(readNpz(fixture("bigEndian.npz"))).rejects.toThrow(
      new UsageError(
        "npz, array x: the dtype must be one of <f8 <f4 <f2 <i8 <i4 <i2 |i1 <u8 <u4 <u2 |u1 |b1; got >f4. " +
          "Convert it with .astype(numpy.float32) before saving.",
      ),
    );
  });

  it("refuses what is no zip archive", async () => {
    await expect(readNpz(new TextEncoder().encode("hello"))).rejects.toThrow(
      new UsageError('npz: the file must begin like a zip archive, with "PK"; got "hell". This is no .npz file.'),
    );
    await expect(readNpz(new Uint8Array(0))).rejects.toThrow(UsageError);
  });

  it("refuses an archive that was cut anywhere", async () => {
    const whole = fixture("deflated.npz");
    for (let length = 0; length < whole.length; length++) {
      await expect(readNpz(whole.subarray(0, length))).rejects.toThrow(UsageError);
    }
  });

  it("notices a flipped bit in stored and in deflated data", async () => {
    const stored = new Uint8Array(fixture("stored.npz"));
    const third = Buffer.from(new Float64Array([1 / 3]).buffer);
    stored[Buffer.from(stored.buffer).indexOf(third)]! ^= 1;
    await expect(readNpz(stored)).rejects.toThrow(
      /^npz, array f8: the entry's CRC-32 must be [0-9a-f]{8}; got [0-9a-f]{8}\./,
    );

    const deflated = new Uint8Array(fixture("deflated.npz"));
    const start = 30 + deflated[26]! + deflated[28]!; // past the first entry's header
    deflated[start + 20]! ^= 0x10;
    await expect(readNpz(deflated)).rejects.toThrow(/^npz, array fortran: the entry/);
  });

  it("refuses a method it cannot inflate, and an encrypted entry", async () => {
    const directoryEntry = Buffer.from([0x50, 0x4b, 1, 2]);
    const patched = (offset: number, value: number) => {
      const bytes = Buffer.from(fixture("deflated.npz"));
      bytes[bytes.indexOf(directoryEntry) + offset] = value;
      return bytes;
    };
    await expect(readNpz(patched(10, 14))).rejects.toThrow(
      new UsageError(
        "npz, array fortran: the compression method must be 0 (stored) or 8 (deflated); got 14. " +
          "Write it with numpy.savez or savez_compressed.",
      ),
    );
    await expect(readNpz(patched(8, 1))).rejects.toThrow(
      new UsageError(
        "npz, array fortran: the entry must not be encrypted; got an encrypted one. Unpack the archive first.",
      ),
    );
  });

  it("refuses an archive of something else", async () => {
    const bytes = Buffer.from(fixture("bigEndian.npz").toString("latin1").replaceAll("x.npy", "x.txt"), "latin1");
    await expect(readNpz(bytes)).rejects.toThrow(
      new UsageError("npz: every entry's name must end in .npy; got x.txt. This is a zip archive, but no .npz file."),
    );
  });
});

describe("readNpy", () => {
  it("puts Fortran order into C order: columns of (2, 3) come one after the other", () => {
    const bytes = npy(dictionary("'|u1'", "True", "(2, 3)"), [1, 4, 2, 5, 3, 6]);
    expect(readNpy(bytes)).toEqual({ dtype: "|u1", shape: [2, 3], data: new Uint8Array([1, 2, 3, 4, 5, 6]) });
  });

  it("reads format versions 2 and 3 and Python 2's long integers", () => {
    for (const version of [2, 3]) {
      const bytes = npy(dictionary("'|i1'", "False", "(2,)"), [255, 1], version);
      expect(readNpy(bytes)).toEqual({ dtype: "|i1", shape: [2], data: new Int8Array([-1, 1]) });
    }
    expect(readNpy(npy(dictionary("'|u1'", "False", "(1L, 2L)"), [8, 9])).shape).toEqual([1, 2]);
  });

  const brokenFiles: [string, Uint8Array, string][] = [
    [
      "another format",
      new TextEncoder().encode("hello world"),
      'npy: the file must begin with "\\x93NUMPY"; got "hello ". This is no .npy file.',
    ],
    [
      "an unknown version",
      npy("", [], 9),
      "npy: the format version must be 1, 2 or 3; got 9. Save it with numpy.save again.",
    ],
    [
      "cut short within the header",
      npy(dictionary("'<f4'", "False", "(1,)")).subarray(0, 30),
      "npy: the header must end at byte 68; got 30 bytes. The file was cut short; get it again.",
    ],
    [
      "cut short within the data",
      npy(dictionary("'<f4'", "False", "(2, 2)"), new Uint8Array(12)),
      "npy: <f4 (2, 2) must take 16 bytes; got 12. The file was cut short; get it again.",
    ],
    [
      "too much data",
      npy(dictionary("'<f4'", "False", "()"), new Uint8Array(5)),
      "npy: <f4 () must take 4 bytes; got 5. The file is damaged; get it again.",
    ],
    [
      "a structured dtype",
      npy(dictionary("[('a', '<f4'), ('b', '<i4')]", "False", "(1,)"), new Uint8Array(8)),
      "npy: the dtype must be one of <f8 <f4 <f2 <i8 <i4 <i2 |i1 <u8 <u4 <u2 |u1 |b1; " +
        "got [('a', '<f4'), ('b', '<i4')]. Convert it with .astype(numpy.float32) before saving.",
    ],
    [
      "a header without a shape",
      npy("{'descr': '<f4', 'fortran_order': False}\n"),
      "npy: the header must give shape as NumPy writes it; got {'descr': '<f4', 'fortran_order': False}. " +
        "The file is damaged; get it again.",
    ],
  ];
  it.each(brokenFiles)("refuses a file that is broken: %s", (_what, bytes, message) => {
    expect(() => readNpy(bytes)).toThrow(new UsageError(message));
  });
});
