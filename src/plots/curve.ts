/** A line of numbers over environment steps. */
export interface Curve {
  /** Ascending. */
  readonly steps: Float64Array;
  /** As many as steps, all finite. */
  readonly values: Float64Array;
}

/** A curve that grows at its end; reading it copies nothing. */
export class GrowingCurve implements Curve {
  #steps = new Float64Array(64);
  #values = new Float64Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get steps(): Float64Array {
    return this.#steps.subarray(0, this.#length);
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }

  /** Adds a point; one that is not finite, or that lies before the last one, is no point of the curve. */
  push(step: number, value: number): void {
    if (!Number.isFinite(value) || (this.#length > 0 && step < this.#steps[this.#length - 1]!)) return;
    if (this.#length === this.#steps.length) {
      this.#steps = grown(this.#steps);
      this.#values = grown(this.#values);
    }
    this.#steps[this.#length] = step;
    this.#values[this.#length++] = value;
  }
}

function grown(old: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * old.length);
  larger.set(old);
  return larger;
}

/** A curve of plain arrays. */
export const curveOf = (steps: ArrayLike<number>, values: ArrayLike<number>): Curve => ({
  steps: Float64Array.from(steps),
  values: Float64Array.from(values),
});

/** The last index whose step is at most `step`, -1 where there is none. */
export function indexAt({ steps }: Curve, step: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle]! <= step) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The value at a step, on the straight line between its neighbours; the first or last value outside the curve. */
export function valueAt(curve: Curve, step: number): number {
  const { steps, values } = curve;
  const i = indexAt(curve, step);
  if (i < 0) return values[0]!;
  if (i >= steps.length - 1) return values[steps.length - 1]!;
  const width = steps[i + 1]! - steps[i]!;
  return values[i]! + ((values[i + 1]! - values[i]!) * (step - steps[i]!)) / width;
}
