/** The infos of many environments in one: an array for each key, and beside `key` a mask `_key` of who said it. */
import type { Info } from "../env.ts";

/** Values by key: `(n)`, a row an environment; nested for infos within infos, `finalInfo` above all. */
export type VectorInfos = Record<string, unknown>;

type Row = { readonly [key: string]: unknown };

const maskKeys = new Map<string, string>();

/** `_key`, of which each is made once: strings put together anew are slow to look up. */
function maskKeyOf(key: string): string {
  let maskKey = maskKeys.get(key);
  if (maskKey === undefined) {
    maskKey = `_${key}`;
    maskKeys.set(key, maskKey);
  }
  return maskKey;
}

/** Room for what n environments may say under one key, judged by what one of them said. */
function column(value: unknown, n: number): unknown {
  if (typeof value === "number") return new Float64Array(n);
  if (typeof value === "boolean") return new Uint8Array(n);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const numbers = value as unknown as Float64Array;
    return new (numbers.constructor as Float64ArrayConstructor)(n * numbers.length);
  }
  return isRow(value) ? {} : new Array(n).fill(null);
}

const isRow = (value: unknown): value is Row =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** Whether a value goes into the column as it is. */
function fits(value: unknown, values: unknown, n: number): boolean {
  if (Array.isArray(values)) return true;
  if (!ArrayBuffer.isView(values)) return isRow(value);
  if (typeof value === "number") return values instanceof Float64Array;
  if (typeof value === "boolean") return values instanceof Uint8Array;
  const numbers = value as Float64Array | null;
  return numbers?.constructor === values.constructor && numbers.length * n === (values as Float64Array).length;
}

/** The column as an array, since something of another form has come. */
function loosened(values: unknown, said: Uint8Array, n: number): unknown[] {
  const size = ArrayBuffer.isView(values) ? (values as Float64Array).length / n : 0;
  return Array.from(said, (isSaid, i) => {
    if (isSaid === 0) return null;
    if (size === 0) return values; // infos within infos: all of them
    return size === 1 ? (values as Float64Array)[i] : (values as Float64Array).slice(i * size, (i + 1) * size);
  });
}

/**
 * Adds what the environment in a row said: numbers come into a Float64Array `(n)`, flags into a Uint8Array `(n)`, typed
 * arrays into one of their type `(n, length)`, infos into infos, anything else into an array with null where nothing was said.
 */
export function addInfo(infos: VectorInfos, info: Info, row: number, n: number): void {
  for (const key in info) {
    const value = info[key];
    const said = (infos[maskKeyOf(key)] ??= new Uint8Array(n)) as Uint8Array;
    let values = (infos[key] ??= column(value, n));
    if (!fits(value, values, n)) values = infos[key] = loosened(values, said, n);
    said[row] = 1;
    if (Array.isArray(values)) values[row] = value;
    else if (!ArrayBuffer.isView(values)) addInfo(values as VectorInfos, value as Info, row, n);
    else if (typeof value === "number") (values as Float64Array)[row] = value;
    else if (typeof value === "boolean") (values as Uint8Array)[row] = Number(value);
    else (values as Float64Array).set(value as Float64Array, row * (value as Float64Array).length);
  }
}

/** Adds the infos of a part of the rows, `count` from `from` on, to those of all n. */
export function addInfos(infos: VectorInfos, part: VectorInfos, from: number, count: number, n: number): void {
  for (const key in part) {
    if (key.startsWith("_") && key.slice(1) in part) {
      const said = (infos[key] ??= new Uint8Array(n)) as Uint8Array;
      said.set(part[key] as Uint8Array, from);
      continue;
    }
    const values = part[key];
    if (ArrayBuffer.isView(values)) {
      const numbers = values as unknown as Float64Array;
      const size = numbers.length / count;
      const all = (infos[key] ??= new (numbers.constructor as Float64ArrayConstructor)(n * size));
      (all as Float64Array).set(numbers, from * size);
    } else if (Array.isArray(values)) {
      const all = (infos[key] ??= new Array(n).fill(null)) as unknown[];
      for (const [i, value] of values.entries()) all[from + i] = value;
    } else {
      addInfos((infos[key] ??= {}) as VectorInfos, values as VectorInfos, from, count, n);
    }
  }
}
