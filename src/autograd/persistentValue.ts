/** Numbers of a Link that are saved with it and are no parameters: running statistics. */
import { backend } from "../kernel/backend.ts";
import { sizeOf } from "../kernel/strides.ts";
import { internShape, Variable, type Version } from "./variable.ts";

export class PersistentValue extends Variable {
  override source: Version = { version: 0 };

  /** Filled with zeros. */
  constructor(shape: readonly number[], name: string | null = null) {
    const interned = internShape(shape);
    super(interned, backend().memory.reserve(4 * sizeOf(interned)), 0);
    this.name = name;
  }

  /** Notes that a kernel has overwritten the numbers. */
  touch(): void {
    this.source.version++;
  }
}
