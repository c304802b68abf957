/** Links: value, gradients of input and parameters, and their gradients again. */
import * as autograd from "../../src/autograd/index.ts";
import { Mlp } from "../../src/nets/index.ts";
import { Random } from "../../src/random.ts";
import type { Computation } from "./trained.ts";

const { grad, scope, square, sum, tanh, variable } = autograd;

type AnyLink = autograd.Link & { forward(x: autograd.Variable): autograd.Variable };

const parts = () => ({ random: new Random("links") });
/** (1, channels, size, size) */
const picture = (channels: number, size: number) => [
  Array.from({ length: channels }, (_, c) => wave(size, size).map((row) => row.map((v) => v * (1 + c) - 0.2 * c))),
];
const wave = (rows: number, cols: number) =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: cols }, (_, k) => Math.sin(1 + 3 * i + 5 * k)));

/** A recurrent layer that sees its input twice, from no state. */
function twoSteps(layer: autograd.LSTM | autograd.GRU): AnyLink {
  return Object.assign(layer, {
    forward: (x: autograd.Variable) => layer.step(x, layer.step(x, null))[0]!,
  }) as unknown as AnyLink;
}

/** A link and what it is given; indices have no gradient. */
const links: Record<string, { make: () => AnyLink; x: autograd.NestedNumbers; isIndex?: true }> = {
  Linear: { make: () => new autograd.Linear(5, 3, { ...parts(), activation: tanh }), x: wave(4, 5) },
  EmbedId: { make: () => new autograd.EmbedId(6, 3, parts()), x: [3, 0, 5, 3], isIndex: true },
  LayerNormalization: { make: () => new autograd.LayerNormalization(6), x: wave(4, 6) },
  Dropout: { make: () => new autograd.Dropout({ ...parts(), ratio: 0.4 }), x: wave(4, 6) },
  Sequential: {
    make: () =>
      new autograd.Sequential(
        new autograd.Linear(5, 7, parts()),
        tanh,
        new autograd.LayerNormalization(7),
        new autograd.Linear(7, 2, { ...parts(), noBias: true }),
      ),
    x: wave(3, 5),
  },
  BatchNormalization: { make: () => new autograd.BatchNormalization(5), x: wave(4, 5) },
  Convolution2D: {
    make: () => new autograd.Convolution2D(2, 3, 3, { ...parts(), stride: 2, padding: 1, activation: tanh }),
    x: picture(2, 5),
  },
  Deconvolution2D: { make: () => new autograd.Deconvolution2D(2, 3, 2, { ...parts(), stride: 2 }), x: picture(2, 3) },
  LSTM: { make: () => twoSteps(new autograd.LSTM(5, 4, parts())), x: wave(3, 5) },
  GRU: { make: () => twoSteps(new autograd.GRU(5, 4, parts())), x: wave(3, 5) },
  NoisyLinear: { make: () => new autograd.NoisyLinear(5, 3, parts()), x: wave(4, 5) },
  Maxout: { make: () => new autograd.Maxout(5, 3, 2, parts()), x: wave(4, 5) },
  PReLU: { make: () => new autograd.PReLU(), x: wave(4, 5) },
  Mlp: { make: () => new Mlp(4, 3, { ...parts(), hiddenSizes: [9, 8], activation: "tanh" }), x: wave(6, 4) },
};

function differentiated({ make, x: values, isIndex }: (typeof links)[string]): Computation {
  return () => {
    const link = make();
    const results = scope(() => {
      const x = variable(values, { requiresGrad: !isIndex });
      const wanted = [...(isIndex ? [] : [x]), ...link.parameters()];
      const y = link.forward(x);
      const gradients = grad([sum(square(y).mul(y))], wanted, { createGraph: true });
      const total = gradients.map((gx) => sum(square(gx))).reduce((a, b) => a.add(b));
      return [y, ...gradients, ...grad([total], wanted)].map((v) => v.detach());
    });
    return () => results.map((v) => v.toArray());
  };
}

export const linkComputations: [string, Computation][] = Object.entries(links).map(([name, given]) => [
  name,
  differentiated(given),
]);
