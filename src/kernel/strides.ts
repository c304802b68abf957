/** Shapes and strides: how a tensor of any rank is walked as a nest of loops over two-dimensional parts. */

/** Strides (in elements) of a contiguous row-major tensor. */
export function contiguousStrides(shape: readonly number[]): number[] {
  const strides: number[] = Array(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i]!;
  }
  return strides;
}

export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i]!;
  return size;
}

export interface LoopNest {
  /** The two innermost loops, strides in elements. */
  readonly rows: number;
  readonly cols: number;
  readonly sourceRow: number;
  readonly sourceCol: number;
  readonly targetRow: number;
  readonly targetCol: number;
  /** Calls the body with the offsets (in elements) of each two-dimensional part. */
  forEach(body: (source: number, target: number) => void): void;
}

/** Merges dimensions that lie behind one another in both tensors, and splits off the innermost two. */
export function loopNest(
  shape: readonly number[],
  sourceStrides: readonly number[],
  targetStrides: readonly number[],
): LoopNest {
  const dims: { n: number; s: number; t: number }[] = [];
  for (let i = 0; i < shape.length; i++) {
    const n = shape[i]!;
    if (n === 1) continue;
    const dim = { n, s: sourceStrides[i]!, t: targetStrides[i]! };
    const outer = dims.at(-1);
    if (outer && outer.s === dim.s * n && outer.t === dim.t * n) {
      outer.n *= n;
      outer.s = dim.s;
      outer.t = dim.t;
    } else dims.push(dim);
  }
  const one = { n: 1, s: 1, t: 1 };
  const col = dims.pop() ?? one;
  const row = dims.pop() ?? one;
  const isEmpty = shape.includes(0);
  return {
    rows: row.n,
    cols: col.n,
    sourceRow: row.s,
    sourceCol: col.s,
    targetRow: row.t,
    targetCol: col.t,
    forEach(body) {
      if (isEmpty) return;
      const walk = (depth: number, s: number, t: number): void => {
        const dim = dims[depth];
        if (!dim) {
          body(s, t);
          return;
        }
        for (let i = 0; i < dim.n; i++) walk(depth + 1, s + i * dim.s, t + i * dim.t);
      };
      walk(0, 0, 0);
    },
  };
}
