/** Slices, and what is made of them: `getItem`, `splitAxis`, `pad`. */
import { ShapeError } from "../../errors.ts";
import { backend } from "../../kernel/backend.ts";
import { contiguousStrides } from "../../kernel/strides.ts";
import { accumulate, accumulateInto } from "../backward.ts";
import { type Differentiable, record } from "../functionNode.ts";
import {
  allocateVariable,
  assertAlive,
  formatShape,
  internShape,
  type Shape,
  type Variable,
  zeros,
} from "../variable.ts";
import { reshape } from "./reshape.ts";

/** An index, a `{start, stop, step}` range (any part may be left out, negative counts from the end), or null for all. */
export type Slice = number | null | { start?: number; stop?: number; step?: number };

interface Region {
  readonly whole: Shape;
  readonly part: Shape;
  /** Offset and strides, in elements, of the part within the whole. */
  readonly offset: number;
  readonly strides: readonly number[];
}

function regionOf(x: Variable, slices: readonly Slice[]): { region: Region; dropped: boolean[] } {
  const { shape } = x;
  if (slices.length > shape.length) {
    throw new ShapeError(`getItem: at most ${shape.length} slices for x ${formatShape(shape)}; got ${slices.length}.`);
  }
  const strides = contiguousStrides(shape);
  let offset = 0;
  const part: number[] = [];
  const steps: number[] = [];
  const dropped: boolean[] = [];
  shape.forEach((n, axis) => {
    const slice = slices[axis] ?? null;
    if (typeof slice === "number") {
      const at = slice < 0 ? slice + n : slice;
      if (!Number.isInteger(at) || at < 0 || at >= n) {
        throw new ShapeError(
          `getItem: the index must lie within axis ${axis} of x ${formatShape(shape)}; got ${slice}.`,
        );
      }
      offset += at * strides[axis]!;
      part.push(1);
      steps.push(0);
      dropped.push(true);
      return;
    }
    const step = slice?.step ?? 1;
    if (!Number.isInteger(step) || step === 0) {
      throw new ShapeError(`getItem: step must be a whole number other than 0; got ${step}.`);
    }
    const clamp = (i: number, low: number, high: number) => Math.max(low, Math.min(high, i < 0 ? i + n : i));
    const start =
      slice?.start === undefined ? (step > 0 ? 0 : n - 1) : clamp(slice.start, step > 0 ? 0 : -1, step > 0 ? n : n - 1);
    const stop = slice?.stop === undefined ? (step > 0 ? n : -1) : clamp(slice.stop, step > 0 ? 0 : -1, n);
    part.push(Math.max(0, Math.ceil((stop - start) / step)));
    offset += start * strides[axis]!;
    steps.push(step * strides[axis]!);
    dropped.push(false);
  });
  return { region: { whole: shape, part: internShape(part), offset, strides: steps }, dropped };
}

const slicing: Differentiable = {
  name: "getItem",
  backward(node, gy) {
    const region = node.context as Region;
    const add = (gx: Variable): void => {
      backend().families.stridedCopy(
        region.part,
        gy.address,
        contiguousStrides(region.part),
        gx.address + 4 * region.offset,
        region.strides,
        true,
      );
    };
    accumulateInto(node.inputs[0]!, add, () => putRegion(gy, region));
  },
};

const putting: Differentiable = {
  name: "pad",
  backward(node, gy) {
    accumulate(node.inputs[0]!, takeRegion(gy, node.context as Region));
  },
};

function takeRegion(x: Variable, region: Region): Variable {
  const y = allocateVariable(region.part);
  backend().families.stridedCopy(
    region.part,
    x.address + 4 * region.offset,
    region.strides,
    y.address,
    contiguousStrides(region.part),
    false,
  );
  record(slicing, [x], y, region);
  return y;
}

/** Zeros of the whole shape with x in the region's place. */
function putRegion(x: Variable, region: Region): Variable {
  const y = zeros(region.whole);
  backend().families.stridedCopy(
    region.part,
    x.address,
    contiguousStrides(region.part),
    y.address + 4 * region.offset,
    region.strides,
    false,
  );
  record(putting, [x], y, region);
  return y;
}

/** A part of x, by one slice an axis: `getItem(x, 0)`, `getItem(x, null, {start: 1, stop: 3})`. Indexed axes go. */
export function getItem(x: Variable, ...slices: readonly Slice[]): Variable {
  assertAlive(x, "getItem");
  const { region, dropped } = regionOf(x, slices);
  return reshape(
    takeRegion(x, region),
    region.part.filter((_, axis) => !dropped[axis]),
  );
}

/** x surrounded by zeros: `before[i]` in front of axis i and `after[i]` behind it. */
export function pad(x: Variable, before: readonly number[], after: readonly number[]): Variable {
  assertAlive(x, "pad");
  if (before.length !== x.shape.length || after.length !== x.shape.length) {
    throw new ShapeError(
      `pad: before and after must have one number per axis of x ${formatShape(x.shape)}; got ${before.length} and ${after.length}.`,
    );
  }
  const whole = internShape(x.shape.map((n, i) => n + before[i]! + after[i]!));
  const strides = contiguousStrides(whole);
  const offset = before.reduce((sum, n, i) => sum + n * strides[i]!, 0);
  return putRegion(x, { whole, part: x.shape, offset, strides });
}

/** x cut along an axis, into equal parts or before the given indices. */
export function splitAxis(x: Variable, parts: number | readonly number[], axis: number): Variable[] {
  const at = axis < 0 ? axis + x.shape.length : axis;
  const n = x.shape[at];
  if (n === undefined || (typeof parts === "number" && n % parts !== 0)) {
    throw new ShapeError(
      `splitAxis: axis ${axis} of x ${formatShape(x.shape)} must divide into equal parts; got ${String(parts)} parts. Pass indices to cut before.`,
    );
  }
  const cuts =
    typeof parts === "number" ? Array.from({ length: parts - 1 }, (_, i) => ((i + 1) * n) / parts) : [...parts];
  const bounds = [0, ...cuts, n];
  return bounds.slice(1).map((stop, i) => {
    const slices: Slice[] = x.shape.map(() => null);
    slices[at] = { start: bounds[i]!, stop };
    return getItem(x, ...slices);
  });
}
