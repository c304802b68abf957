/** The parameters of a model in one run of memory, and their gradients in another. */
import { UsageError } from "../errors.ts";
import { backend } from "../kernel/backend.ts";
import { input, scalar } from "../kernel/expression.ts";
import { flatKernel } from "./flatKernel.ts";
import type { Parameter } from "./parameter.ts";
import { assertAlive, formatShape, type Version } from "./variable.ts";

const own = input(0, "element");
const other = input(1, "element");
const blend = flatKernel("softCopy", [own.add(other.sub(own).mul(scalar(0)))], ["element", "element"], {
  inPlace: true,
});

/** Where parameters stand together, by the version that they share as their source. */
interface Run {
  readonly address: number;
  readonly gradAddress: number;
  readonly size: number;
  readonly parameters: readonly Parameter[];
}
const runs = new WeakMap<Version, Run>();

/**
 * The parameters of one network. Those of a network inside another stand in the run of the whole, where they are
 * neighbours; a run made for the part alone is given up as soon as the whole needs one.
 */
export class FlatParameters {
  /** Paths and parameters, in the order of the run. */
  readonly named: readonly (readonly [path: string, parameter: Parameter])[];
  readonly names: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly address: number;
  readonly gradAddress: number;
  /** Numbers in the run, with the padding that starts every parameter at a multiple of 16 bytes. */
  readonly size: number;
  readonly version: Version;

  /** @throws UsageError for a parameter that stands in the model twice, or in another model that is not nested with it */
  constructor(named: readonly (readonly [path: string, parameter: Parameter])[]) {
    this.named = named;
    this.names = named.map(([name]) => name);
    this.parameters = named.map(([, parameter]) => parameter);
    if (new Set(this.parameters).size < this.parameters.length) {
      throw new UsageError(
        `flat: each parameter must stand in the model once; got ${this.names.length} paths to ${new Set(this.parameters).size} parameters. Share layers inside forward.`,
      );
    }
    this.size = this.parameters.reduce((sum, p) => sum + paddedSize(p), 0);
    const first = this.parameters[0];
    if (first && runs.has(first.source) && this.#areNeighbours()) {
      this.address = first.address;
      this.gradAddress = first.gradAddress;
      this.version = first.source;
      return;
    }
    const outgrown = this.#outgrownRuns();
    const { memory } = backend();
    this.address = memory.reserve(4 * this.size);
    this.gradAddress = memory.reserve(4 * this.size);
    this.version = { version: 0 };
    let offset = 0;
    for (const parameter of this.parameters) {
      parameter.moveTo(this.address + 4 * offset, this.gradAddress + 4 * offset, this.version);
      offset += paddedSize(parameter);
    }
    for (const { address, gradAddress, size } of outgrown) {
      memory.release(address, 4 * size);
      memory.release(gradAddress, 4 * size);
    }
    runs.set(this.version, this);
  }

  /** Whether the parameters still stand here; a network around this one takes them into its own run. */
  get isCurrent(): boolean {
    return this.parameters.length === 0 || this.parameters[0]!.source === this.version;
  }

  /** Whether the parameters stand in one run, side by side in this order. */
  #areNeighbours(): boolean {
    const [first] = this.parameters;
    let next = first!.address;
    for (const parameter of this.parameters) {
      if (parameter.source !== first!.source || parameter.address !== next) return false;
      next += 4 * paddedSize(parameter);
    }
    return true;
  }

  /** The runs that all parameters leave for this one. */
  #outgrownRuns(): Set<Run> {
    const own = new Set(this.parameters);
    const outgrown = new Set<Run>();
    this.parameters.forEach((parameter, i) => {
      const run = runs.get(parameter.source);
      if (!run) return;
      if (!run.parameters.every((p) => own.has(p))) {
        throw new UsageError(
          `flat: networks that share parameters must be nested, one inside the other; got ${this.names[i]} ` +
            `${formatShape(parameter.shape)} in two that are not. Make one Chain of all their layers.`,
        );
      }
      outgrown.add(run);
    });
    return outgrown;
  }

  /** Sets the gradients of parameters that got no contribution to zero, so that the run is whole. */
  completeGradients(): void {
    this.assertAlive("update");
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

  /** @throws UsageError when another device was opened since the parameters were made. */
  assertAlive(where: string): void {
    if (this.parameters.length > 0) assertAlive(this.parameters[0]!, where);
  }

  #assertFits(source: FlatParameters): void {
    this.assertAlive("copyParametersFrom");
    source.assertAlive("copyParametersFrom");
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
