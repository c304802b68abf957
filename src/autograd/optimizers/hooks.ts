/** What changes gradients between backward and the update. */
import { UsageError } from "../../errors.ts";
import { backend } from "../../kernel/backend.ts";
import { input, rowSum, scalar, select } from "../../kernel/expression.ts";
import type { Random } from "../../random.ts";
import type { State } from "../../state.ts";
import { flatKernel } from "../flatKernel.ts";
import type { FlatParameters } from "../flatParameters.ts";
import { randomNormal } from "../ops/random.ts";
import { RandomStream } from "../randomStream.ts";
import { scope } from "../scope.ts";
import { persistent, type Variable } from "../variable.ts";

export interface OptimizerHook {
  readonly name: string;
  /** Changes the gradients of the flat run in place. */
  apply(flat: FlatParameters): void;
  saveState?(): State;
  loadState?(state: State): void;
}

const x0 = input(0, "element");
const x1 = input(1, "element");
const inPlace = { inPlace: true };

const sumOfSquares = flatKernel("sumOfSquares", [rowSum(x0.square())], ["element"]);
// the factor is 1 where the norm is within the threshold
const clipFactor = scalar(0).div(input(1, "row").sqrt().add(1e-12)).min(1);
const scaleToNorm = flatKernel("gradientClipping", [x0.mul(clipFactor)], ["element", "scalar"], inPlace);

/** Scales all gradients so that their norm over all parameters is at most the threshold. Source: Pascanu et al. 2013. */
export class GradientClipping implements OptimizerHook {
  readonly name = "GradientClipping";
  readonly threshold: number;
  #sum: Variable | null = null;

  constructor(threshold: number) {
    requirePositive("GradientClipping", "threshold", threshold);
    this.threshold = threshold;
  }

  apply({ gradAddress, size }: FlatParameters): void {
    if (!this.#sum?.isAlive) this.#sum = persistent([]);
    const { address } = this.#sum;
    sumOfSquares(size, [address, gradAddress]);
    scaleToNorm(size, [gradAddress, address], [this.threshold]);
  }

  /** The norm before clipping at the last update, for statistics. */
  get lastNorm(): number {
    return this.#sum ? Math.sqrt(this.#sum.item()) : 0;
  }
}

const clipEach = flatKernel("gradientHardClipping", [x0.max(scalar(0)).min(scalar(1))], ["element"], inPlace);

/** Limits every gradient to [low, high]. */
export class GradientHardClipping implements OptimizerHook {
  readonly name = "GradientHardClipping";
  readonly low: number;
  readonly high: number;

  constructor(low: number, high: number) {
    if (!(low <= high)) {
      throw new UsageError(`GradientHardClipping: low must be at most high; got ${low} and ${high}.`);
    }
    this.low = low;
    this.high = high;
  }

  apply({ gradAddress, size }: FlatParameters): void {
    clipEach(size, [gradAddress], [this.low, this.high]);
  }
}

const addDecay = flatKernel("weightDecay", [x0.add(x1.mul(scalar(0)))], ["element", "element"], inPlace);

/** Adds rate · p to the gradient of every parameter p: L2 regularisation. */
export class WeightDecay implements OptimizerHook {
  readonly name = "WeightDecay";
  readonly rate: number;

  constructor(rate: number) {
    requireRate("WeightDecay", rate);
    this.rate = rate;
  }

  apply({ address, gradAddress, size }: FlatParameters): void {
    addDecay(size, [gradAddress, address], [this.rate]);
  }
}

/** Weight decay for all parameters but those named `b`. */
export class NonbiasWeightDecay implements OptimizerHook {
  readonly name = "NonbiasWeightDecay";
  readonly rate: number;

  constructor(rate: number) {
    requireRate("NonbiasWeightDecay", rate);
    this.rate = rate;
  }

  apply({ names, parameters }: FlatParameters): void {
    parameters.forEach((p, i) => {
      const isBias = names[i] === "b" || names[i]!.endsWith(".b");
      if (!isBias) addDecay(p.size, [p.gradAddress, p.address], [this.rate]);
    });
  }
}

const sign = select(x1.gt(0), 1, select(x1.lt(0), -1, 0));
const addSign = flatKernel("lasso", [x0.add(sign.mul(scalar(0)))], ["element", "element"], inPlace);

/** Adds rate · sign p to the gradient of every parameter p: L1 regularisation. */
export class Lasso implements OptimizerHook {
  readonly name = "Lasso";
  readonly rate: number;

  constructor(rate: number) {
    requireRate("Lasso", rate);
    this.rate = rate;
  }

  apply({ address, gradAddress, size }: FlatParameters): void {
    addSign(size, [gradAddress, address], [this.rate]);
  }
}

const scaleNoise = flatKernel("gradientNoise", [x0.mul(scalar(0))], ["element"], inPlace);

/** Adds normal noise of variance eta / (1 + t)^0.55 to every gradient. Source: Neelakantan et al. 2015. */
export class GradientNoise implements OptimizerHook {
  readonly name = "GradientNoise";
  readonly eta: number;
  readonly #stream: RandomStream;
  #t = 0;

  constructor(eta: number, random: Random) {
    requirePositive("GradientNoise", "eta", eta);
    this.eta = eta;
    this.#stream = new RandomStream(random);
  }

  apply({ parameters }: FlatParameters): void {
    const deviation = Math.sqrt(this.eta / (1 + this.#t) ** 0.55);
    scope(() => {
      // parameter by parameter, added by a copy, which unlike kernels leaves the padding behind the last number alone
      for (const { shape, size, gradAddress } of parameters) {
        const noise = randomNormal(shape, this.#stream);
        scaleNoise(size, [noise.address], [deviation]);
        backend().families.copy(size, noise.address, gradAddress, true);
      }
    });
    this.#t++;
  }

  saveState(): State {
    return { t: this.#t, stream: this.#stream.saveState() };
  }

  loadState(state: State): void {
    const { t, stream } = state as unknown as { t: number; stream: Uint32Array };
    this.#t = t;
    this.#stream.loadState(stream);
  }
}

function requirePositive(where: string, name: string, value: number): void {
  if (!(value > 0)) throw new UsageError(`${where}: ${name} must be above 0; got ${value}.`);
}

function requireRate(where: string, rate: number): void {
  if (!(rate >= 0 && Number.isFinite(rate))) {
    throw new UsageError(`${where}: rate must be a finite number of at least 0; got ${rate}.`);
  }
}

/** The global norm of a model's gradients, for statistics and tests. */
export function gradientNorm(flat: FlatParameters): number {
  return scope(() => {
    flat.completeGradients();
    const sum = persistent([]);
    sumOfSquares(flat.size, [sum.address, flat.gradAddress]);
    const norm = Math.sqrt(sum.item());
    backend().memory.release(sum.address, 4);
    return norm;
  });
}
