/**
 * Reading of NumPy's files: .npy (one array) and .npz (a zip archive of .npy files), as `numpy.save`, `numpy.savez`
 * and Chainer's `save_npz` write them.
 * Formats: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html and PKWARE's APPNOTE.TXT for zip.
 */
import { UsageError } from "../../errors.ts";
import { readFloat16 } from "./halfFloats.ts";
import { type ElementType, elementCount, type StoredTensor, shapeText, type TensorData } from "./storedTensor.ts";

const elementTypes: ReadonlyMap<string, ElementType> = new Map([
  ["<f8", { bytes: 8, read: (buffer) => new Float64Array(buffer) }],
  ["<f4", { bytes: 4, read: (buffer) => new Float32Array(buffer) }],
  ["<f2", { bytes: 2, read: readFloat16 }],
  ["<i8", { bytes: 8, read: (buffer) => new BigInt64Array(buffer) }],
  ["<i4", { bytes: 4, read: (buffer) => new Int32Array(buffer) }],
  ["<i2", { bytes: 2, read: (buffer) => new Int16Array(buffer) }],
  ["|i1", { bytes: 1, read: (buffer) => new Int8Array(buffer) }],
  ["<u8", { bytes: 8, read: (buffer) => new BigUint64Array(buffer) }],
  ["<u4", { bytes: 4, read: (buffer) => new Uint32Array(buffer) }],
  ["<u2", { bytes: 2, read: (buffer) => new Uint16Array(buffer) }],
  ["|u1", { bytes: 1, read: (buffer) => new Uint8Array(buffer) }],
  ["|b1", { bytes: 1, read: (buffer) => new Uint8Array(buffer) }],
] as [string, ElementType][]);

function fail(where: string, expectation: string, got: string, advice: string): never {
  throw new UsageError(`${where}: ${expectation}; got ${got}. ${advice}`);
}

const cutShort = "The file was cut short; get it again.";
const damaged = "The file is damaged; get it again.";

/** An independent view for numbers at any offset. */
function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Fortran order (the first dimension varies fastest) to C order. */
function toRowMajor(data: TensorData, shape: readonly number[]): TensorData {
  const ordered = data.slice();
  const index = new Array<number>(shape.length).fill(0);
  const strides = shape.map((_, axis) => elementCount(shape.slice(0, axis)));
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    ordered[to] = data[from]!;
    // the next index in C order, like an odometer
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= index[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return ordered;
}

/** The value of a key in the header, a Python dictionary: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`. */
function headerField(where: string, header: string, key: string, value: RegExp): string {
  const match = new RegExp(`'${key}': *${value.source}`).exec(header);
  if (!match) fail(where, `the header must give ${key} as NumPy writes it`, header.trim(), damaged);
  return match[1]!;
}

/**
 * The array in a .npy file, in C order. dtypes: <f8 <f4 <f2 (widened to Float32Array), signed and unsigned integers
 * of 1 to 8 bytes, |b1 (as Uint8Array).
 *
 * @param where how to call the file in error messages
 * @throws UsageError saying what is wrong when the bytes are not a whole .npy file of such a dtype.
 */
export function readNpy(bytes: Uint8Array, where = "npy"): StoredTensor {
  const magic = String.fromCharCode(...bytes.subarray(0, 6));
  if (magic !== "\x93NUMPY") {
    fail(where, 'the file must begin with "\\x93NUMPY"', JSON.stringify(magic), "This is no .npy file.");
  }
  const view = viewOf(bytes);
  const version = bytes[6];
  if (version !== undefined && (version < 1 || version > 3)) {
    fail(where, "the format version must be 1, 2 or 3", String(version), "Save it with numpy.save again.");
  }
  const prefix = version === 1 ? 10 : 12;
  const headerEnd =
    bytes.length < prefix ? prefix : prefix + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (bytes.length < headerEnd)
    fail(where, `the header must end at byte ${headerEnd}`, `${bytes.length} bytes`, cutShort);
  const header = new TextDecoder().decode(bytes.subarray(prefix, headerEnd));

  const dtype = headerField(where, header, "descr", /(\[.*\]|'[^']*')/).replace(/^'|'$/g, "");
  const element = elementTypes.get(dtype);
  if (!element) {
    const advice = dtype.startsWith("|O")
      ? "Python objects (None, for one) cannot be read: leave them out when saving."
      : "Convert it with .astype(numpy.float32) before saving.";
    fail(where, `the dtype must be one of ${[...elementTypes.keys()].join(" ")}`, dtype, advice);
  }
  const fortranOrder = headerField(where, header, "fortran_order", /(True|False)/) === "True";
  const dimensions = headerField(where, header, "shape", /\(([\d, L]*)\)/);
  // Python 2 wrote long integers, as in (3L, 4L)
  const shape = dimensions
    .split(",")
    .filter((text) => text.trim() !== "")
    .map((text) => Number(text.replace("L", "")));
  const dataBytes = elementCount(shape) * element.bytes;
  const present = bytes.length - headerEnd;
  if (dataBytes !== present) {
    const advice = present < dataBytes ? cutShort : damaged;
    fail(where, `${dtype} ${shapeText(shape)} must take ${dataBytes} bytes`, String(present), advice);
  }
  const copy: Uint8Array<ArrayBuffer> = new Uint8Array(bytes.subarray(headerEnd));
  const data = element.read(copy.buffer);
  return { dtype, shape, data: fortranOrder ? toRowMajor(data, shape) : data };
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ crcTable[(crc ^ bytes[i]!) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}

interface ZipEntry {
  readonly name: string;
  readonly encrypted: boolean;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly headerOffset: number;
}

const endRecordBytes = 22;
const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;

/** The archive's directory. Sizes come from here alone: local headers may leave them to a record after the data. */
function zipEntries(bytes: Uint8Array): ZipEntry[] {
  const view = viewOf(bytes);
  if (bytes.length < 4 || (view.getUint32(0, true) !== localSignature && view.getUint32(0, true) !== endSignature)) {
    const begin = JSON.stringify(String.fromCharCode(...bytes.subarray(0, 4)));
    fail("npz", 'the file must begin like a zip archive, with "PK"', begin, "This is no .npz file.");
  }
  // The end record stands at the very end, before a comment of at most 65535 bytes.
  let end = bytes.length - endRecordBytes;
  const earliest = Math.max(0, end - 0xffff);
  while (end >= earliest && view.getUint32(end, true) !== endSignature) end--;
  if (end < earliest) fail("npz", "the zip archive must have an end record", `none in ${bytes.length} bytes`, cutShort);

  const entries: ZipEntry[] = [];
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (count === 0xffff || at === 0xffffffff) {
    fail("npz", "the archive must be smaller than 4 GiB with fewer than 65535 arrays", "a larger one", "Split it.");
  }
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== entrySignature) {
      fail("npz", `entry ${i + 1} of ${count} must stand at byte ${at}`, "none there", damaged);
    }
    const nameBytes = view.getUint16(at + 28, true);
    entries.push({
      name: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameBytes)),
      encrypted: (view.getUint16(at + 8, true) & 1) === 1,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      compressedSize: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      headerOffset: view.getUint32(at + 42, true),
    });
    at += 46 + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

/** The entry's bytes as the archive stores them. */
function storedBytes(bytes: Uint8Array, where: string, { compressedSize, headerOffset }: ZipEntry): Uint8Array {
  const view = viewOf(bytes);
  if (headerOffset + 30 > bytes.length || view.getUint32(headerOffset, true) !== localSignature) {
    fail(where, `the entry's header must stand at byte ${headerOffset}`, "none there", damaged);
  }
  const start = headerOffset + 30 + view.getUint16(headerOffset + 26, true) + view.getUint16(headerOffset + 28, true);
  if (start + compressedSize > bytes.length) {
    fail(where, `the entry must end at byte ${start + compressedSize}`, `${bytes.length} bytes`, damaged);
  }
  return bytes.subarray(start, start + compressedSize);
}

/** Inflates with the platform's own decoder (Node 20.12, Deno and browsers have it), into at most `size` bytes. */
async function inflate(where: string, compressed: Uint8Array, size: number): Promise<Uint8Array> {
  const inflated = new Uint8Array(size);
  let length = 0;
  const source = new Blob([new Uint8Array(compressed)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const reader = source.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (length + next.value.length > size) throw new RangeError(`more than ${size} bytes`);
      inflated.set(next.value, length);
      length += next.value.length;
    }
  } catch (error) {
    fail(where, `the entry must inflate to ${size} bytes`, `"${(error as Error).message}"`, damaged);
  }
  return inflated.subarray(0, length);
}

async function entryBytes(bytes: Uint8Array, where: string, entry: ZipEntry): Promise<Uint8Array> {
  if (entry.encrypted) fail(where, "the entry must not be encrypted", "an encrypted one", "Unpack the archive first.");
  if (entry.method !== 0 && entry.method !== 8) {
    const advice = "Write it with numpy.savez or savez_compressed.";
    fail(where, "the compression method must be 0 (stored) or 8 (deflated)", String(entry.method), advice);
  }
  const stored = storedBytes(bytes, where, entry);
  const contents = entry.method === 0 ? stored : await inflate(where, stored, entry.size);
  const crc = crc32(contents);
  if (crc !== entry.crc) {
    const hex = (value: number) => value.toString(16).padStart(8, "0");
    fail(where, `the entry's CRC-32 must be ${hex(entry.crc)}`, hex(crc), damaged);
  }
  return contents;
}

/**
 * The arrays in an .npz file by name (without ".npy"), each as `readNpy` gives it.
 *
 * @throws UsageError saying what is wrong, and in which array, when the bytes are not a whole .npz file.
 */
export async function readNpz(bytes: Uint8Array): Promise<Record<string, StoredTensor>> {
  const arrays: [string, StoredTensor][] = [];
  for (const entry of zipEntries(bytes)) {
    if (!entry.name.endsWith(".npy")) {
      fail("npz", "every entry's name must end in .npy", entry.name, "This is a zip archive, but no .npz file.");
    }
    const name = entry.name.slice(0, -4);
    const where = `npz, array ${name}`;
    arrays.push([name, readNpy(await entryBytes(bytes, where, entry), where)]);
  }
  return Object.fromEntries(arrays);
}
