/**
 * A network of your own: layers, an embedding of the angle, whatever you like. A network is a Link with a `forward`
 * from observations (batch, …obs) to the values of actions (batch, actions); fields that are Links are trained.
 *
 *   npm run build && npx jiti examples/cartpole/ownNetwork.ts [steps]
 *   deno run -A examples/cartpole/ownNetwork.ts [steps]
 */
import process from "node:process";
import { autograd, DoubleDQN, presetFor, Random, train } from "kusari";

const { concat, LayerNormalization, Linear, Link, relu, sin, tanh } = autograd;

/** Looks at an observation twice: as it is, and as sines of directions that it learns. */
class WaveNetwork extends Link {
  readonly waves: autograd.Linear;
  readonly hidden: autograd.Linear;
  readonly norm: autograd.LayerNormalization;
  readonly values: autograd.Linear;

  constructor(random: Random) {
    super();
    this.waves = new Linear(4, 16, { random });
    this.hidden = new Linear(20, 64, { random, activation: relu });
    this.norm = new LayerNormalization(64);
    this.values = new Linear(64, 2, { random });
  }

  forward(obs: autograd.Variable): autograd.Variable {
    const x = concat([obs, sin(this.waves.forward(obs))], 1); // (batch, 20)
    return this.values.forward(tanh(this.norm.forward(this.hidden.forward(x)))); // (batch, 2)
  }
}

const random = new Random(0).stream("weights");
const run = train({
  agent: (parts) =>
    new DoubleDQN({
      ...parts,
      ...presetFor("doubledqn", "CartPole-v1")!.hyperparameters,
      learningRate: 1e-3,
      qFunction: new WaveNetwork(random),
      targetQ: new WaveNetwork(random),
    }),
  env: "CartPole-v1",
  steps: Number(process.argv[2] ?? 30_000),
  evalInterval: 1_000,
  out: null,
});
run.on("evaluation", ({ step, evaluation }) => console.log(`step ${step}: mean return ${evaluation.mean.toFixed(1)}`));
const { outcome, evaluation } = await run;
console.log(`${outcome}: mean return ${evaluation?.mean} over 100 episodes`);
