/** Parameter: a Variable that a model owns and an optimizer changes; its gradient has a fixed place. */
import { ShapeError } from "../errors.ts";
import { backend } from "../kernel/backend.ts";
import { sizeOf } from "../kernel/strides.ts";
import { formatShape, internShape, type Shape, Variable, type Version } from "./variable.ts";

export class Parameter extends Variable {
  /** Where the gradient stands. */
  gradAddress: number;
  /** Whether the slot holds a gradient; else the next contribution is written over what is there. */
  hasGrad = false;
  override source: Version = { version: 0 };
  /** Whether the numbers still stand in blocks of their own. */
  #isAlone = true;

  constructor(shape: readonly number[], name: string | null = null) {
    const interned: Shape = internShape(shape);
    const { memory } = backend();
    super(interned, memory.reserve(4 * sizeOf(interned)), 0);
    this.gradAddress = memory.reserve(4 * sizeOf(interned));
    this.requiresGrad = true;
    this.name = name;
  }

  /** Moves the parameter and its gradient into a run of several. */
  moveTo(address: number, gradAddress: number, source: Version): void {
    const { memory, families } = backend();
    const bytes = 4 * this.size;
    for (const [from, to] of [
      [this.address, address],
      [this.gradAddress, gradAddress],
    ] as const) {
      families.copy(this.size, from, to, false);
      if (this.#isAlone) memory.release(from, bytes);
    }
    this.#isAlone = false;
    this.address = address;
    this.gradAddress = gradAddress;
    this.source = source;
  }

  /** Adds to the gradient, or sets it when it is the first contribution. */
  addGrad(gx: Variable): void {
    backend().families.copy(this.size, gx.address, this.gradAddress, this.hasGrad);
    this.hasGrad = true;
  }

  /** The gradient in place, null when there is none. */
  get gradData(): Float32Array | Float64Array | null {
    if (!this.hasGrad) return null;
    return backend().memory.floats.subarray(this.gradAddress >> 2, (this.gradAddress >> 2) + this.size);
  }

  override clearGrad(): void {
    this.hasGrad = false;
  }

  /** Replaces the numbers by those of a Variable of the same shape, on the device. @throws ShapeError for another shape */
  copyFrom(x: Variable): void {
    if (x.shape !== this.shape) {
      throw new ShapeError(
        `copyFrom: x must have the parameter's shape ${formatShape(this.shape)}; got ${formatShape(x.shape)}. Reshape it.`,
      );
    }
    backend().families.copy(this.size, x.address, this.address, false);
    this.source.version++;
  }

  /** Replaces the numbers; a graph that has read the old ones can no longer be differentiated. */
  assign(values: ArrayLike<number>): void {
    this.write(values);
  }
}
