/**
 * The safetensors format (https://github.com/huggingface/safetensors#format): the header's length as a 64-bit number,
 * a JSON header that gives each tensor's dtype, shape and place, then the tensors' bytes without gaps.
 * Pure format code: bytes in, arrays out, in Node, Deno and browsers.
 */
import { nearest, ShapeError, UsageError } from "../../errors.ts";
import { readBfloat16, readFloat16 } from "./halfFloats.ts";
import { type ElementType, elementCount, type StoredTensor, shapeText, type TensorData } from "./storedTensor.ts";

/** In the order in which the reference implementation lays tensors out: larger alignment first. */
const elementTypes: ReadonlyMap<string, ElementType> = new Map([
  ["U64", { bytes: 8, read: (buffer) => new BigUint64Array(buffer) }],
  ["I64", { bytes: 8, read: (buffer) => new BigInt64Array(buffer) }],
  ["F64", { bytes: 8, read: (buffer) => new Float64Array(buffer) }],
  ["F32", { bytes: 4, read: (buffer) => new Float32Array(buffer) }],
  ["U32", { bytes: 4, read: (buffer) => new Uint32Array(buffer) }],
  ["I32", { bytes: 4, read: (buffer) => new Int32Array(buffer) }],
  ["BF16", { bytes: 2, read: readBfloat16 }],
  ["F16", { bytes: 2, read: readFloat16 }],
  ["U16", { bytes: 2, read: (buffer) => new Uint16Array(buffer) }],
  ["I16", { bytes: 2, read: (buffer) => new Int16Array(buffer) }],
  ["I8", { bytes: 1, read: (buffer) => new Int8Array(buffer) }],
  ["U8", { bytes: 1, read: (buffer) => new Uint8Array(buffer) }],
  ["BOOL", { bytes: 1, read: (buffer) => new Uint8Array(buffer) }],
] as [string, ElementType][]);
const layoutOrder = [...elementTypes.keys()];

const dtypeOfArray: Readonly<Record<string, string>> = {
  BigUint64Array: "U64",
  BigInt64Array: "I64",
  Float64Array: "F64",
  Float32Array: "F32",
  Uint32Array: "U32",
  Int32Array: "I32",
  Uint16Array: "U16",
  Int16Array: "I16",
  Int8Array: "I8",
  Uint8Array: "U8",
};

/** The reference implementation refuses longer headers. */
const maxHeaderBytes = 100_000_000;
const metadataKey = "__metadata__";

/** A tensor to be written: any typed array, a view into WebAssembly memory too, in C order. */
export interface TensorToStore {
  readonly shape: readonly number[];
  readonly data: ArrayBufferView & { readonly length: number };
}

export interface SafetensorsContents {
  readonly tensors: Record<string, StoredTensor>;
  readonly metadata: Record<string, string>;
}

/**
 * The bytes of a safetensors file: those that Python's `safetensors` writes for the same tensors and at most one entry
 * of metadata (of more, Python's order is random). Elements are stored as the array's own type.
 *
 * @throws ShapeError when a shape and its data disagree; UsageError for an array type the format does not know.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, TensorToStore>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(tensors).map(([name, { shape, data }]) => {
    if (name === metadataKey) {
      throw new UsageError(`safetensors: a tensor must not be named ${metadataKey}; got one. Rename the tensor.`);
    }
    const arrayType = Object.prototype.toString.call(data).slice(8, -1);
    const dtype = dtypeOfArray[arrayType];
    if (dtype === undefined) {
      throw new UsageError(
        `safetensors: the data of ${name} must be one of ${Object.keys(dtypeOfArray).join(", ")}; got ${arrayType}. ` +
          "Convert it first.",
      );
    }
    if (elementCount(shape) !== data.length) {
      throw new ShapeError(
        `safetensors: the shape and the data of ${name} must agree; got ${shapeText(shape)} and ` +
          `${data.length} numbers. Pass the shape of the data.`,
      );
    }
    return { name, dtype, shape, data };
  });
  entries.sort((a, b) => layoutOrder.indexOf(a.dtype) - layoutOrder.indexOf(b.dtype) || (a.name < b.name ? -1 : 1));

  // Built by hand: JSON.stringify of an object would move names that look like numbers to the front.
  const fields = Object.keys(metadata).length > 0 ? [`"${metadataKey}":${JSON.stringify(metadata)}`] : [];
  let end = 0;
  for (const { name, dtype, shape, data } of entries) {
    const info = { dtype, shape, data_offsets: [end, (end += data.byteLength)] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(info)}`);
  }
  const header = new TextEncoder().encode(`{${fields.join(",")}}`);
  const headerBytes = Math.ceil(header.length / 8) * 8;

  const bytes = new Uint8Array(8 + headerBytes + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(header, 8);
  bytes.fill(0x20, 8 + header.length, 8 + headerBytes);
  let at = 8 + headerBytes;
  for (const { data } of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

function fail(expectation: string, got: string, advice: string): never {
  throw new UsageError(`safetensors: ${expectation}; got ${got}. ${advice}`);
}

const notThisFormat = "This is no safetensors file.";
const brokenWriter = "The program that wrote the file has a mistake; write it again with another.";

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    fail("the header must be JSON in UTF-8", `"${(error as Error).message}"`, "The file is damaged; get it again.");
  }
  if (!isObject(header)) fail("the header must be a JSON object", JSON.stringify(header), notThisFormat);
  return header;
}

interface TensorPlace {
  readonly name: string;
  readonly dtype: string;
  readonly element: ElementType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function parseTensor(name: string, info: unknown): TensorPlace {
  if (!isObject(info)) fail(`the header's entry for ${name} must be an object`, JSON.stringify(info), brokenWriter);
  const { dtype, shape, data_offsets: offsets } = info;
  const element = elementTypes.get(String(dtype));
  if (!element) {
    const near = nearest(String(dtype), layoutOrder);
    fail(
      `the dtype of ${name} must be one of ${layoutOrder.join(", ")}`,
      String(dtype),
      near ? `Was ${near} meant?` : "Convert the tensor to F32 before it is saved.",
    );
  }
  const count = Array.isArray(shape) ? elementCount(shape) : Number.NaN;
  if (Number.isNaN(count)) {
    fail(`the shape of ${name} must be a list of counts`, JSON.stringify(shape), brokenWriter);
  }
  if (
    !Array.isArray(offsets) ||
    offsets.length !== 2 ||
    !offsets.every((offset) => Number.isSafeInteger(offset) && offset >= 0) ||
    offsets[0] > offsets[1]
  ) {
    fail(`data_offsets of ${name} must be two counts in order`, JSON.stringify(offsets), brokenWriter);
  }
  const [begin, end] = offsets as [number, number];
  if (end - begin !== count * element.bytes) {
    fail(
      `${name}, ${dtype} ${shapeText(shape as number[])}, must take ${count * element.bytes} bytes`,
      `data_offsets ${begin} to ${end}`,
      brokenWriter,
    );
  }
  return { name, dtype: String(dtype), element, shape: shape as number[], begin, end };
}

/**
 * The tensors and the metadata of a safetensors file. F16 and BF16 are widened to Float32Array, BOOL becomes
 * Uint8Array; all data is copied out of `bytes`.
 *
 * @throws UsageError saying what is wrong when the bytes are not a whole, sound safetensors file.
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsContents {
  if (bytes.length < 8) fail("a file must begin with 8 bytes of header length", `${bytes.length} bytes`, notThisFormat);
  const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (headerBytes < 2 || headerBytes > maxHeaderBytes) {
    fail(`the header must take 2 to ${maxHeaderBytes} bytes`, String(headerBytes), notThisFormat);
  }
  if (bytes.length > 8 && bytes[8] !== 0x7b) {
    fail('the header must begin with "{"', `byte 0x${bytes[8]!.toString(16).padStart(2, "0")}`, notThisFormat);
  }
  const dataStart = 8 + headerBytes;
  if (bytes.length < dataStart) {
    fail(
      `the header must end within the file, at byte ${dataStart}`,
      `${bytes.length} bytes`,
      "The file was cut short; get it again.",
    );
  }

  const header = parseHeader(bytes.subarray(8, dataStart));
  const metadata = header[metadataKey] ?? {};
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    fail(`${metadataKey} must be an object of strings`, JSON.stringify(metadata), brokenWriter);
  }
  const places = Object.entries(header)
    .filter(([name]) => name !== metadataKey)
    .map(([name, info]) => parseTensor(name, info))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);

  let covered = 0;
  for (const { name, begin, end } of places) {
    if (begin !== covered) {
      const what = begin > covered ? "leave no gap" : "not overlap";
      fail(`tensors must ${what}: ${name} must begin at byte ${covered}`, String(begin), brokenWriter);
    }
    covered = end;
  }
  const dataBytes = bytes.length - dataStart;
  if (covered !== dataBytes) {
    fail(
      `the header's tensors must take up the data exactly, ${covered} bytes`,
      String(dataBytes),
      dataBytes < covered
        ? "The file was cut short; get it again."
        : "Something was appended to the file; get it again.",
    );
  }

  // fromEntries defines properties where assignment would not: a tensor may be named __proto__
  const tensors = Object.fromEntries(
    places.map(({ name, dtype, element, shape, begin, end }): [string, StoredTensor] => {
      const copy: Uint8Array<ArrayBuffer> = new Uint8Array(bytes.subarray(dataStart + begin, dataStart + end));
      const data: TensorData = element.read(copy.buffer);
      return [name, { dtype, shape, data }];
    }),
  );
  return { tensors, metadata: metadata as Record<string, string> };
}
