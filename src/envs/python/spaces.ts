/** Spaces as Python tells them, and where their elements stand in a frame; the other half is in server.py. */
import { UsageError } from "../../errors.ts";
import {
  Box,
  type BoxArray,
  type BoxDtype,
  Dict,
  Discrete,
  MultiBinary,
  MultiDiscrete,
  type Space,
  Text,
  Tuple,
} from "../spaces/index.ts";

type Bound = number | "inf" | "-inf";
type Bounds = Bound | readonly Bound[];

export type SpaceJson =
  | { readonly type: "Discrete"; readonly n: number; readonly start: number }
  | {
      readonly type: "Box";
      readonly dtype: BoxDtype;
      readonly shape: readonly number[];
      readonly low: Bounds;
      readonly high: Bounds;
    }
  | { readonly type: "MultiBinary"; readonly shape: readonly number[] }
  | { readonly type: "MultiDiscrete"; readonly nvec: readonly number[]; readonly start: readonly number[] }
  | { readonly type: "Text"; readonly minLength: number; readonly maxLength: number; readonly charset: string }
  | { readonly type: "Tuple"; readonly spaces: readonly SpaceJson[] }
  /** In the order of Python's dict, which is the order of the frame. */
  | { readonly type: "Dict"; readonly spaces: readonly (readonly [name: string, space: SpaceJson])[] };

const number = (bound: Bound): number =>
  bound === "inf" ? Number.POSITIVE_INFINITY : bound === "-inf" ? Number.NEGATIVE_INFINITY : bound;
const numbers = (bounds: Bounds): number | number[] =>
  typeof bounds === "object" ? bounds.map(number) : number(bounds);

/** The space of that description. */
export function spaceFromJson(json: SpaceJson): Space<unknown> {
  switch (json.type) {
    case "Discrete":
      return new Discrete(json.n, json.start);
    case "Box": {
      const { shape, dtype } = json;
      return new Box(numbers(json.low), numbers(json.high), { shape, dtype });
    }
    case "MultiBinary":
      return new MultiBinary(json.shape.length === 1 ? json.shape[0]! : json.shape);
    case "MultiDiscrete":
      return new MultiDiscrete(json.nvec, json.start);
    case "Text":
      return new Text(json.maxLength, { minLength: json.minLength, charset: json.charset });
    case "Tuple":
      return new Tuple(json.spaces.map(spaceFromJson));
    case "Dict":
      return new Dict(Object.fromEntries(json.spaces.map(([name, space]) => [name, spaceFromJson(space)])));
  }
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
};
type NumberArray = BoxArray<BoxDtype>;

/** What all environments have of one part of a space, one after the other. */
interface Leaf {
  readonly dtype: BoxDtype;
  /** Numbers an environment. */
  readonly size: number;
  /** Bytes from the beginning of the layout. */
  readonly offset: number;
}

/** Elements of a space in memory. */
export interface Elements {
  /** Writes the i-th element; what is no element of the space may come out as another. */
  put(i: number, value: unknown): void;
  /** A copy of the i-th element; of a Box into `out` where it is given. */
  get(i: number, out?: NumberArray): unknown;
  /** Where the space is one Box: all its numbers, `(n, …shape)`. */
  readonly batch: NumberArray | null;
}

/** The places of n elements of a space: leaf by leaf, each padded to 8 bytes. */
export class Layout {
  readonly n: number;
  /** Bytes in all. */
  readonly size: number;
  readonly #json: SpaceJson;
  readonly #leaves: Leaf[] = [];

  constructor(json: SpaceJson, n: number) {
    this.n = n;
    this.#json = json;
    this.size = this.#plan(json, 0);
  }

  #plan(json: SpaceJson, offset: number): number {
    const leaf = (dtype: BoxDtype, size: number) => {
      this.#leaves.push({ dtype, size, offset });
      return offset + 8 * Math.ceil((this.n * size * arrays[dtype].BYTES_PER_ELEMENT) / 8);
    };
    const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
    switch (json.type) {
      case "Discrete":
        return leaf("float64", 1);
      case "Box":
        return leaf(json.dtype, product(json.shape));
      case "MultiBinary":
        return leaf("int8", product(json.shape));
      case "MultiDiscrete":
        return leaf("int32", json.nvec.length);
      case "Text":
        return leaf("uint32", 1 + json.maxLength);
      case "Tuple":
        return json.spaces.reduce((place, part) => this.#plan(part, place), offset);
      case "Dict":
        return json.spaces.reduce((place, [, part]) => this.#plan(part, place), offset);
    }
  }

  /** The elements in a buffer, whose layout begins at `offset`, a multiple of 8. */
  bind(buffer: ArrayBuffer, offset: number): Elements {
    const views = this.#leaves.map(
      (leaf) => new arrays[leaf.dtype](buffer, offset + leaf.offset, this.n * leaf.size) as NumberArray,
    );
    let next = 0;
    const part = (json: SpaceJson): Pick<Elements, "put" | "get"> => {
      if (json.type === "Tuple") {
        const parts = json.spaces.map(part);
        return {
          put: (i, value) => {
            for (const [k, each] of parts.entries()) each.put(i, (value as unknown[])[k]);
          },
          get: (i) => parts.map((each) => each.get(i)),
        };
      }
      if (json.type === "Dict") {
        const parts = json.spaces.map(([name, space]) => [name, part(space)] as const);
        return {
          put: (i, value) => {
            for (const [name, each] of parts) each.put(i, (value as Record<string, unknown>)[name]);
          },
          get: (i) => Object.fromEntries(parts.map(([name, each]) => [name, each.get(i)])),
        };
      }
      const view = views[next]!;
      const { size } = this.#leaves[next++]!;
      if (json.type === "Discrete") {
        return {
          put: (i, value) => {
            view[i] = value as number;
          },
          get: (i) => view[i],
        };
      }
      if (json.type === "Text") {
        return {
          put: (i, value) => {
            const letters = Array.from(value as string, (letter) => letter.codePointAt(0)!);
            view[i * size] = letters.length;
            view.set(letters, i * size + 1);
          },
          get: (i) => {
            const from = i * size + 1;
            return String.fromCodePoint(...view.subarray(from, from + view[i * size]!));
          },
        };
      }
      return {
        put: (i, value) => {
          for (let j = 0; j < size; j++) view[i * size + j] = (value as ArrayLike<number>)[j]!;
        },
        get: (i, out) => {
          if (out === undefined) return view.slice(i * size, (i + 1) * size);
          out.set(view.subarray(i * size, (i + 1) * size));
          return out;
        },
      };
    };
    const elements = part(this.#json);
    return { ...elements, batch: this.#json.type === "Box" ? views[0]! : null };
  }
}

/** @throws UsageError where the action is no element of the space */
export function requireAction(name: string, space: Space<unknown>, action: unknown): void {
  if (space.contains(action)) return;
  const shown = ArrayBuffer.isView(action) ? `[${String(action)}]` : JSON.stringify(action);
  throw new UsageError(
    `${name}.step: the action must be in ${space}; got ${shown}. Pass an element of the action space.`,
  );
}
