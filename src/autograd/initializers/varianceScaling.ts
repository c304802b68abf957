import { fans, type Initializer } from "./initializer.ts";

export type FanMode = "fanIn" | "fanOut" | "fanAverage";

/** Mean 0 and variance scale / fan, drawn from a normal or a uniform distribution. */
export const varianceScaling =
  (scale = 1, mode: FanMode = "fanIn", distribution: "normal" | "uniform" = "normal"): Initializer =>
  (values, shape, random) => {
    const { fanIn, fanOut } = fans(shape);
    const fan = mode === "fanIn" ? fanIn : mode === "fanOut" ? fanOut : (fanIn + fanOut) / 2;
    const deviation = Math.sqrt(scale / fan);
    const bound = Math.sqrt(3) * deviation;
    for (let i = 0; i < values.length; i++) {
      values[i] = distribution === "normal" ? deviation * random.normal() : random.uniform(-bound, bound);
    }
  };

/** Variance 1 / fanIn. Source: LeCun, Bottou, Orr, Müller 1998, "Efficient backprop". */
export const leCunNormal = (scale = 1): Initializer => varianceScaling(scale * scale, "fanIn", "normal");
export const leCunUniform = (scale = 1): Initializer => varianceScaling(scale * scale, "fanIn", "uniform");

/** Variance 2 / (fanIn + fanOut). Source: Glorot & Bengio 2010. */
export const glorotNormal = (scale = 1): Initializer => varianceScaling(scale * scale, "fanAverage", "normal");
export const glorotUniform = (scale = 1): Initializer => varianceScaling(scale * scale, "fanAverage", "uniform");

/** Variance 2 / fanIn. Source: He, Zhang, Ren, Sun 2015. */
export const heNormal = (scale = 1): Initializer => varianceScaling(2 * scale * scale, "fanIn", "normal");
export const heUniform = (scale = 1): Initializer => varianceScaling(2 * scale * scale, "fanIn", "uniform");

/** Uniform in ±1 / √fanIn, for weights and, with the layer's fan-in, for biases. Source: LeCun et al. 1998. */
export const fanInUniform =
  (fanIn?: number): Initializer =>
  (values, shape, random) => {
    const bound = 1 / Math.sqrt(fanIn ?? fans(shape).fanIn);
    for (let i = 0; i < values.length; i++) values[i] = random.uniform(-bound, bound);
  };
