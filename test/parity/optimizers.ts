/** Optimizers and hooks: the parameters after five updates. */
import * as autograd from "../../src/autograd/index.ts";
import { Random } from "../../src/random.ts";
import type { Computation } from "./trained.ts";

const { Linear, mean, scope, Sequential, square, tanh, variable } = autograd;

const optimizers: Record<string, () => autograd.Optimizer> = {
  SGD: () => new autograd.SGD(),
  MomentumSGD: () => new autograd.MomentumSGD(),
  NesterovAG: () => new autograd.NesterovAG(),
  AdaGrad: () => new autograd.AdaGrad(),
  AdaDelta: () => new autograd.AdaDelta(),
  RMSprop: () => new autograd.RMSprop(),
  RMSpropGraves: () => new autograd.RMSpropGraves(),
  RMSpropAsync: () => new autograd.RMSpropAsync(),
  Adam: () => new autograd.Adam(),
  AdamW: () => new autograd.AdamW(),
  AMSGrad: () => new autograd.AMSGrad(),
  "hooks of every kind": () =>
    new autograd.SGD()
      .addHook(new autograd.WeightDecay(0.1))
      .addHook(new autograd.NonbiasWeightDecay(0.1))
      .addHook(new autograd.Lasso(0.1))
      .addHook(new autograd.GradientNoise(0.01, new Random(1)))
      .addHook(new autograd.GradientHardClipping(-0.5, 0.5))
      .addHook(new autograd.GradientClipping(0.3)),
};

function fiveUpdates(make: () => autograd.Optimizer): Computation {
  return () => {
    const random = new Random(0);
    const model = new Sequential(new Linear(3, 7, { random, activation: tanh }), new Linear(7, 2, { random }));
    const optimizer = make().setup(model);
    for (let i = 0; i < 5; i++) {
      scope(() => {
        const x = variable(Array.from({ length: 4 }, (_, k) => [Math.sin(i + k), Math.cos(3 * i - k), 0.5]));
        optimizer.update(() => mean(square(model.forward(x))));
      });
    }
    return () => model.parameters().map((p) => p.toArray());
  };
}

export const optimizerComputations: [string, Computation][] = Object.entries(optimizers).map(([name, make]) => [
  name,
  fiveUpdates(make),
]);
