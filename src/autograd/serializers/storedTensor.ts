/** What the file formats hand out: numbers in C order (the last dimension varies fastest), with their shape. */

export type TensorData =
  | Float64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

export interface StoredTensor {
  /** The element type as the file names it: "F32" in safetensors, "<f4" in npz. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** How the bytes of one element type become an array: its size in the file, and the reading of a copy of its bytes. */
export interface ElementType {
  readonly bytes: number;
  /** @param buffer the tensor's bytes alone, little-endian as every machine with WebAssembly is */
  read(buffer: ArrayBuffer): TensorData;
}

/** The number of elements, or NaN where a dimension is no count or the product is too large to be one. */
export function elementCount(shape: readonly unknown[]): number {
  let count = 1;
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || (dimension as number) < 0) return Number.NaN;
    count *= dimension as number;
  }
  return Number.isSafeInteger(count) ? count : Number.NaN;
}

/** `(3, 4)`, as shapes are written in messages. */
export function shapeText(shape: readonly unknown[]): string {
  return `(${shape.join(", ")})`;
}
