/** Links: value, gradients of input and parameters, and their gradients again. */
import * as autograd from "../../src/autograd/index.ts";
import { Mlp } from "../../src/nets/index.ts";
import { Random } from "../../src/random.ts";
import type { Computation } from "./trained.ts";

const { grad, scope, square, sum, tanh, variable } = autograd;

type AnyLink = autograd.Link & { forward(x: autograd.Variable): autograd.Variable };

const parts = () => ({ random: new Random("links") });
const wave = (rows: number, cols: number) =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: cols }, (_, k) => Math.sin(1 + 3 * i + 5 * k)));

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
    return () => results.flatMap((v) => v.toArray());
  };
}

export const linkComputations: [string, Computation][] = Object.entries(links).map(([name, given]) => [
  name,
  differentiated(given),
]);
