/** The parameters of a model in one run of memory, and their gradients in another. */
import { UsageError } from "../errors.ts";
import { backend } from "../kernel/backend.ts";
import { input, scalar } from "../kernel/expression.ts";
import { flatKernel } from "./flatKernel.ts";
import type { Parameter } from "./parameter.ts";
import { formatShape, type Version } from "./variable.ts";

const own = input(0, "element");
const other = input(1, "element");
const blend = flatKernel("softCopy", [own.add(other.sub(own).mul(scalar(0)))], ["element", "element"], {
  inPlace: true,
});

export class FlatParameters {
  readonly names: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly address: number;
  readonly gradAddress: number;
  /** Numbers in the run, with the padding that starts every parameter at a multiple of 16 bytes. */
  readonly size: number;
  readonly version: Version = { version: 0 };

  constructor(named: readonly (readonly [string, Parameter])[]) {
    this.names = named.map(([name]) => name);
    this.parameters = named.map(([, parameter]) => parameter);
    if (new Set(this.parameters).size < this.parameters.length) {
      throw new UsageError(
        `flat: each parameter must stand in the model once; got ${this.names.length} paths to ${new Set(this.parameters).size} parameters. Share layers inside forward.`,
      );
    }
    const { memory } = backend();
    this.size = this.parameters.reduce((sum, p) => sum + paddedSize(p), 0);
    this.address = memory.reserve(4 * this.size);
    this.gradAddress = memory.reserve(4 * this.size);
    let offset = 0;
    for (const parameter of this.parameters) {
      parameter.moveTo(this.address + 4 * offset, this.gradAddress + 4 * offset, this.version);
      offset += paddedSize(parameter);
    }
  }

  /** Sets the gradients of parameters that got no contribution to zero, so that the run is whole. */
  completeGradients(): void {
    for (let i = 0; i < this.parameters.length; i++) {
      const parameter = this.parameters[i]!;
      if (parameter.hasGrad) continue;
      backend().families.fill(parameter.size, parameter.gradAddress, 0);
    }
  }

  copyFrom(source: FlatParameters): void {
    this.#assertFits(source);
    backend().families.copy(this.size, source.address, this.address, false);
    this.version.version++;
  }

  softCopyFrom(source: FlatParameters, tau: number): void {
    this.#assertFits(source);
    blend(this.size, [this.address, source.address], [tau]);
    this.version.version++;
  }

  #assertFits(source: FlatParameters): void {
    const differs = (i: number) => this.parameters[i]?.shape !== source.parameters[i]?.shape;
    const count = Math.max(this.parameters.length, source.parameters.length);
    for (let i = 0; i < count; i++) {
      if (!differs(i)) continue;
      const shape = (flat: FlatParameters) =>
        flat.parameters[i] ? `${flat.names[i]} ${formatShape(flat.parameters[i]!.shape)}` : "none";
      throw new UsageError(
        `copyParametersFrom: both networks must have the same parameters; got ${shape(this)} and ${shape(source)}. Build both alike.`,
      );
    }
  }
}

const paddedSize = (parameter: Parameter): number => (parameter.size + 3) & -4;
