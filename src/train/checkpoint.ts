/**
 * A state tree as one file, written so that a crash at any moment leaves the old file or the new one, whole.
 *
 * The file is a safetensors file: the tree's typed arrays are its tensors, `(length)` each, and `__metadata__` holds the
 * rest of the tree as JSON (`state`), `format`, `version`, `step`, the SHA-256 of the tensors' bytes (`data`) and that of
 * the header itself (`header`, taken with that entry empty). Arrays go to the disk and come back one by one, so that a
 * replay buffer of gigabytes is never held twice.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import { InternalError } from "../errors.ts";
import type { State } from "../state.ts";
import { FileError } from "./fileError.ts";
import { piecesOf, replaceFile, writeAll } from "./replaceFile.ts";

const format = "kusari-checkpoint";
/** Of the file and of what the training loop keeps in it; raised when either changes. */
const version = "1";

type Tensor = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array | BigUint64Array;

/** In the file's order: larger elements first, so that every tensor is aligned. */
const dtypes = {
  F64: Float64Array,
  U64: BigUint64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  U8: Uint8Array,
} as const;
type Dtype = keyof typeof dtypes;
const dtypeOf = (value: unknown): Dtype | undefined =>
  (Object.keys(dtypes) as Dtype[]).find((dtype) => value instanceof dtypes[dtype]);

interface NamedTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly data: Tensor;
}

interface TensorPlace {
  readonly dtype: Dtype;
  readonly shape: readonly [number];
  readonly data_offsets: readonly [number, number];
}
interface Header {
  readonly __metadata__: Readonly<Record<string, string>>;
  readonly [tensor: string]: unknown;
}

/** Numbers that JSON cannot tell apart or cannot write. */
const specialNumbers: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-0": -0,
};

/** The place of an entry, written as in a JSON pointer (RFC 6901), so that no two places share a name. */
const placeOf = (where: string, name: string): string => `${where}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;

/** The tree as JSON with `{"$tensor": name}` and `{"$number": text}` in it, its typed arrays put into `tensors`. */
function encode(state: unknown, where: string, tensors: NamedTensor[]): unknown {
  if (typeof state === "number") {
    if (Number.isFinite(state) && !Object.is(state, -0)) return state;
    return { $number: Object.is(state, -0) ? "-0" : String(state) };
  }
  if (state === null || typeof state === "string" || typeof state === "boolean") return state;
  const dtype = dtypeOf(state);
  if (dtype) {
    tensors.push({ name: where, dtype, data: state as Tensor });
    return { $tensor: where };
  }
  if (Array.isArray(state)) return state.map((item, i) => encode(item, `${where}/${i}`, tensors));
  const prototype = typeof state === "object" ? Object.getPrototypeOf(state) : undefined;
  if (prototype === Object.prototype || prototype === null) {
    const entries = Object.entries(state as object);
    if (!entries.some(([name]) => name.startsWith("$"))) {
      return Object.fromEntries(entries.map(([name, item]) => [name, encode(item, placeOf(where, name), tensors)]));
    }
  }
  const got = Object.prototype.toString.call(state).slice(8, -1);
  throw new InternalError(
    `checkpoint: saveState must give plain JSON without names in $, or typed arrays of ${Object.keys(dtypes)}; ` +
      `got ${got} at ${where}.`,
  );
}

function decode(json: unknown, tensors: ReadonlyMap<string, Tensor>): State {
  if (typeof json !== "object" || json === null) return json as State;
  if (Array.isArray(json)) return json.map((item) => decode(item, tensors));
  const { $tensor, $number } = json as { $tensor?: string; $number?: string };
  if ($number !== undefined) return specialNumbers[$number]!;
  if ($tensor !== undefined) return tensors.get($tensor)!;
  return Object.fromEntries(Object.entries(json).map(([name, item]) => [name, decode(item, tensors)]));
}

/** Its memory as bytes; no copy. */
const bytesOf = (data: Tensor): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** The digest of a header, its own place in it left empty. */
function headerDigest(header: Header): string {
  const empty = { ...header, __metadata__: { ...header.__metadata__, header: "" } };
  return createHash("sha256").update(JSON.stringify(empty)).digest("hex");
}

/**
 * Writes one checkpoint file.
 * @throws DeviceError when the disk refuses; no file of that name is left half-written
 */
export function writeCheckpoint(file: string, step: number, state: State): void {
  const tensors: NamedTensor[] = [];
  const json = JSON.stringify(encode(state, "state", tensors));
  const order = Object.keys(dtypes);
  tensors.sort((a, b) => order.indexOf(a.dtype) - order.indexOf(b.dtype));
  const digest = createHash("sha256");
  const places: Record<string, TensorPlace> = {};
  let end = 0;
  for (const { name, dtype, data } of tensors) {
    for (const piece of piecesOf(bytesOf(data))) digest.update(piece);
    places[name] = { dtype, shape: [data.length], data_offsets: [end, (end += data.byteLength)] };
  }
  const metadata = { format, version, step: String(step), state: json, data: digest.digest("hex"), header: "" };
  const header = { __metadata__: metadata, ...places };
  metadata.header = headerDigest(header);
  const text = Buffer.from(JSON.stringify(header));
  const start = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, " ");
  start.writeBigUInt64LE(BigInt(start.length - 8));
  start.set(text, 8);
  replaceFile(file, (fd) => {
    writeAll(fd, start);
    for (const { data } of tensors) writeAll(fd, bytesOf(data));
  });
}

/**
 * Reads one checkpoint file and checks every byte of it.
 * @throws FileError saying in a sentence why the file cannot be used: cut off, damaged, foreign, of another version
 */
export function readCheckpoint(file: string): { step: number; state: State } {
  const refuse = (what: string, got: string, advice: string): never => {
    throw new FileError(`resume: ${file} ${what}; got ${got}. ${advice}`);
  };
  const another = "Resume from another checkpoint.";
  const fd = fs.openSync(file, "r");
  try {
    const size = fs.fstatSync(fd).size;
    const read = (bytes: Uint8Array, at: number) => {
      for (const piece of piecesOf(bytes)) {
        for (let done = 0; done < piece.length; ) {
          const got = fs.readSync(fd, piece, done, piece.length - done, at + done);
          if (got === 0)
            refuse(`must have at least ${at + piece.length} bytes`, `${at + done}`, `It is cut off. ${another}`);
          done += got;
        }
        at += piece.length;
      }
    };
    if (size < 8) refuse("must begin with 8 bytes of header length", `${size} bytes`, `It is cut off. ${another}`);
    const lengthBytes = Buffer.alloc(8);
    read(lengthBytes, 0);
    const headerBytes = Number(lengthBytes.readBigUInt64LE());
    const foreign = `It is damaged or no checkpoint of kusari. ${another}`;
    if (headerBytes > size - 8) {
      // the length of a safetensors header is below 100 MB; more is another kind of file
      const cut = headerBytes < 1e8;
      refuse(`must have a header of ${headerBytes} bytes`, `${size - 8}`, cut ? `It is cut off. ${another}` : foreign);
    }
    const text = Buffer.alloc(headerBytes);
    read(text, 8);
    let header = {} as Header;
    try {
      header = (JSON.parse(text.toString()) ?? {}) as Header;
    } catch {
      refuse("must begin with a header in JSON", "something else", foreign);
    }
    const { __metadata__, ...places } = header;
    const metadata = __metadata__ ?? {};
    if (metadata.format !== format) refuse(`must be of format ${format}`, String(metadata.format), foreign);
    if (metadata.version !== version) {
      const advice = "It is of another version of kusari: resume with that version, or begin a new run.";
      refuse(`must be of version ${version}`, String(metadata.version), advice);
    }
    const compare = (what: string, found: string, expected = "none") => {
      if (found === expected) return;
      refuse(
        `must have the checksum ${expected.slice(0, 8)} of its ${what}`,
        found.slice(0, 8),
        `It is damaged. ${another}`,
      );
    };
    compare("header", headerDigest(header), metadata.header);
    const digest = createHash("sha256");
    const tensors = new Map<string, Tensor>();
    for (const [name, place] of Object.entries(places) as [string, TensorPlace][]) {
      const data = new dtypes[place.dtype](place.shape[0]);
      read(bytesOf(data), 8 + headerBytes + place.data_offsets[0]);
      for (const piece of piecesOf(bytesOf(data))) digest.update(piece);
      tensors.set(name, data);
    }
    compare("data", digest.digest("hex"), metadata.data);
    return { step: Number(metadata.step), state: decode(JSON.parse(metadata.state!), tensors) };
  } finally {
    fs.closeSync(fd);
  }
}
