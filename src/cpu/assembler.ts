/**
 * Writes WebAssembly modules byte by byte. One module holds one function, imports the memory it works on, and is
 * compiled synchronously (0.2 ms for a small kernel). Names of methods are the instructions' names.
 * Source: the WebAssembly 2.0 specification and the relaxed-SIMD proposal.
 */

export type ValueType = "i32" | "i64" | "f32" | "v128";
const valueTypes: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, v128: 0x7b };

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest ? low | 0x80 : low);
  } while (rest);
  return bytes;
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && !(low & 0x40)) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

function vector(items: readonly number[][]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function section(id: number, body: readonly number[]): number[] {
  return [id, ...unsigned(body.length), ...body];
}

const text = (name: string): number[] => [...unsigned(name.length), ...[...name].map((c) => c.charCodeAt(0))];

const f32Scratch = new DataView(new ArrayBuffer(4));
function f32Bytes(value: number): number[] {
  f32Scratch.setFloat32(0, value, true);
  return [0, 1, 2, 3].map((i) => f32Scratch.getUint8(i));
}

/** SIMD instructions without operands besides the stack. */
const simd = {
  "i8x16.swizzle": 14,
  "i32x4.splat": 17,
  "f32x4.splat": 19,
  "i32x4.gt_s": 0x3b,
  "f32x4.eq": 0x41,
  "f32x4.ne": 0x42,
  "f32x4.lt": 0x43,
  "f32x4.gt": 0x44,
  "f32x4.le": 0x45,
  "v128.not": 0x4d,
  "v128.and": 0x4e,
  "v128.andnot": 0x4f,
  "v128.or": 0x50,
  "v128.xor": 0x51,
  "v128.bitselect": 0x52,
  "f32x4.floor": 0x68,
  "f32x4.nearest": 0x6a,
  "i32x4.shl": 0xab,
  "i32x4.shr_s": 0xac,
  "i32x4.shr_u": 0xad,
  "i32x4.add": 0xae,
  "i32x4.sub": 0xb1,
  "f32x4.abs": 0xe0,
  "f32x4.neg": 0xe1,
  "f32x4.sqrt": 0xe3,
  "f32x4.add": 0xe4,
  "f32x4.sub": 0xe5,
  "f32x4.mul": 0xe6,
  "f32x4.div": 0xe7,
  "f32x4.min": 0xe8,
  "f32x4.max": 0xe9,
  "f32x4.pmin": 0xea,
  "f32x4.pmax": 0xeb,
  "f32x4.convert_i32x4_s": 0xfa,
  "f32x4.relaxed_madd": 0x105,
} as const;
export type SimdInstruction = keyof typeof simd;

const scalars = {
  "i32.eqz": 0x45,
  "i32.eq": 0x46,
  "i32.lt_s": 0x48,
  "i32.lt_u": 0x49,
  "i32.gt_s": 0x4a,
  "i32.le_s": 0x4c,
  "i32.ge_s": 0x4e,
  "i32.add": 0x6a,
  "i32.sub": 0x6b,
  "i32.mul": 0x6c,
  "i32.and": 0x71,
  "i32.xor": 0x73,
  "i32.shl": 0x74,
  "i32.shr_u": 0x76,
  "i64.mul": 0x7e,
  "i64.shr_u": 0x88,
  "f32.add": 0x92,
  "f32.mul": 0x94,
  "i32.wrap_i64": 0xa7,
  "i64.extend_i32_u": 0xad,
  "f32.convert_i32_u": 0xb3,
} as const;
export type ScalarInstruction = keyof typeof scalars;

/** The body of one function. */
export class FunctionBody {
  readonly #bytes: number[] = [];
  readonly #parameters: readonly ValueType[];
  readonly #locals: ValueType[] = [];

  constructor(parameters: readonly ValueType[]) {
    this.#parameters = parameters;
  }

  /** A new local variable's index. */
  local(type: ValueType): number {
    this.#locals.push(type);
    return this.#parameters.length + this.#locals.length - 1;
  }

  get(local: number): void {
    this.#bytes.push(0x20, ...unsigned(local));
  }
  set(local: number): void {
    this.#bytes.push(0x21, ...unsigned(local));
  }
  tee(local: number): void {
    this.#bytes.push(0x22, ...unsigned(local));
  }
  op(name: ScalarInstruction): void {
    this.#bytes.push(scalars[name]);
  }
  simd(name: SimdInstruction): void {
    this.#bytes.push(0xfd, ...unsigned(simd[name]));
  }
  i32(value: number): void {
    this.#bytes.push(0x41, ...signed(value));
  }
  i64(value: number): void {
    this.#bytes.push(0x42, ...signed(value));
  }
  f32(value: number): void {
    this.#bytes.push(0x43, ...f32Bytes(value));
  }
  /** target ← a · b + target, four numbers each, in locals; rounded once where `isFused`. */
  multiplyAdd(target: number, a: number, b: number, isFused: boolean): void {
    this.get(a);
    this.get(b);
    if (isFused) {
      this.get(target);
      this.simd("f32x4.relaxed_madd");
    } else {
      this.simd("f32x4.mul");
      this.get(target);
      this.simd("f32x4.add");
    }
    this.set(target);
  }
  /** Four equal float32 numbers. */
  splat(value: number): void {
    const bytes = f32Bytes(value);
    this.#bytes.push(0xfd, 12, ...bytes, ...bytes, ...bytes, ...bytes);
  }
  /** Four equal int32 numbers. */
  splatInt(value: number): void {
    const bytes = [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255];
    this.#bytes.push(0xfd, 12, ...bytes, ...bytes, ...bytes, ...bytes);
  }
  /** Four int32 numbers. */
  lanes(values: readonly [number, number, number, number]): void {
    this.#bytes.push(0xfd, 12);
    for (const v of values) this.#bytes.push(v & 255, (v >>> 8) & 255, (v >>> 16) & 255, (v >>> 24) & 255);
  }
  /** Lanes of two vectors: 0–3 from the first, 4–7 from the second. */
  shuffle(lanes: readonly [number, number, number, number]): void {
    this.#bytes.push(0xfd, 13);
    for (const lane of lanes) this.#bytes.push(4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3);
  }
  #memoryAccess(code: number[], offset: number): void {
    this.#bytes.push(...code, 0, ...unsigned(offset)); // no alignment promised
  }
  load(offset = 0): void {
    this.#memoryAccess([0xfd, 0], offset);
  }
  loadSplat(offset = 0): void {
    this.#memoryAccess([0xfd, 9], offset);
  }
  store(offset = 0): void {
    this.#memoryAccess([0xfd, 11], offset);
  }
  /** Stores lane 0 (32 bits). */
  storeLane(lane: number, offset = 0): void {
    this.#memoryAccess([0xfd, 0x5a], offset);
    this.#bytes.push(lane);
  }
  /** Stores lanes 0 and 1 (64 bits). */
  storeHalf(offset = 0): void {
    this.#memoryAccess([0xfd, 0x5b], offset);
    this.#bytes.push(0);
  }
  loadI32(offset = 0): void {
    this.#memoryAccess([0x28], offset);
  }
  loadF32(offset = 0): void {
    this.#memoryAccess([0x2a], offset);
  }
  storeF32(offset = 0): void {
    this.#memoryAccess([0x38], offset);
  }
  /** float32 to uint32, saturating. */
  truncateToU32(): void {
    this.#bytes.push(0xfc, 0x01);
  }

  /** `local += amount`. */
  add(local: number, amount: number): void {
    this.get(local);
    this.i32(amount);
    this.op("i32.add");
    this.set(local);
  }
  /** `for (local = 0; local < limit; local++) body`; the limit is a local, compared without sign. */
  repeat(local: number, limit: number, body: () => void): void {
    this.i32(0);
    this.set(local);
    this.while(
      () => {
        this.get(local);
        this.get(limit);
        this.op("i32.lt_u");
      },
      () => {
        body();
        this.add(local, 1);
      },
    );
  }

  /** `while (condition) body`, the condition tested first. */
  while(condition: () => void, body: () => void): void {
    this.#bytes.push(0x02, 0x40, 0x03, 0x40);
    condition();
    this.#bytes.push(0x45, 0x0d, 1);
    body();
    this.#bytes.push(0x0c, 0, 0x0b, 0x0b);
  }
  /** `do body while (condition)`. */
  doWhile(body: () => void, condition: () => void): void {
    this.#bytes.push(0x03, 0x40);
    body();
    condition();
    this.#bytes.push(0x0d, 0, 0x0b);
  }
  /** `if (top of stack) body`. */
  if(body: () => void): void {
    this.#bytes.push(0x04, 0x40);
    body();
    this.#bytes.push(0x0b);
  }

  bytes(): number[] {
    const declarations: [number, ValueType][] = [];
    for (const type of this.#locals) {
      const last = declarations.at(-1);
      if (last && last[1] === type) last[0]++;
      else declarations.push([1, type]);
    }
    const locals = vector(declarations.map(([count, type]) => [...unsigned(count), valueTypes[type]]));
    const body = [...locals, ...this.#bytes, 0x0b];
    return [...unsigned(body.length), ...body];
  }

  get parameters(): readonly ValueType[] {
    return this.#parameters;
  }
}

/** Limits of the memory that every module imports, in pages of 64 KiB. */
export interface MemoryLimits {
  readonly initial: number;
  readonly maximum: number;
  readonly shared: boolean;
}

/** A module that imports `env.memory` and exports the function as `f`. */
export function assemble(body: FunctionBody, { maximum, shared }: MemoryLimits): Uint8Array<ArrayBuffer> {
  const type = [0x60, ...vector(body.parameters.map((p) => [valueTypes[p]])), 0];
  const memory = [...text("env"), ...text("memory"), 0x02, shared ? 0x03 : 0x01, ...unsigned(1), ...unsigned(maximum)];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([type])),
    ...section(2, vector([memory])),
    ...section(3, vector([[0]])),
    ...section(7, vector([[...text("f"), 0, 0]])),
    ...section(10, vector([body.bytes()])),
  ]);
}
