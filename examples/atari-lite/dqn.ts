/**
 * Double DQN with a convolutional network on one of the five AtariLite games, and an episode of what it learned as a GIF.
 *
 *   npm run build && npx jiti examples/atari-lite/dqn.ts [game] [steps]
 *   deno run -A examples/atari-lite/dqn.ts [game] [steps]
 */
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { autograd, DoubleDQN, MinAtarHead, make, Random, type RgbImage, toGif, toRgb, train } from "kusari";

const game = process.argv[2] ?? "Breakout";
const steps = Number(process.argv[3] ?? 50_000);

/** Young & Tian's network for a board (10, 10, channels): 16 filters of 3 by 3, 128 units, a value for each action. */
class BoardNetwork extends autograd.Link {
  readonly head: MinAtarHead;
  readonly values: autograd.Linear;

  constructor(obsShape: readonly number[], actions: number, random: Random) {
    super();
    this.head = new MinAtarHead({ obsShape, random });
    this.values = new autograd.Linear(this.head.outSize, actions, { random });
  }

  forward(board: autograd.Variable): autograd.Variable {
    return this.values.forward(this.head.forward(board)); // (batch, actions)
  }
}

const env = make(game);
const makeQ = () => new BoardNetwork(env.observationSpace.shape, env.actionSpace.n, new Random(0));
let agent: DoubleDQN | undefined;
const run = train({
  agent: (parts) =>
    (agent = new DoubleDQN({
      ...parts,
      qFunction: makeQ(),
      targetQ: makeQ(),
      optimizer: new autograd.Adam({ alpha: 5e-4 }),
      replayStartSize: 2_000,
      decaySteps: Math.ceil(steps / 4),
      targetUpdateInterval: 500, // updates
    })),
  env: game,
  steps,
  evalInterval: Math.ceil(steps / 20),
  out: null,
});
run.on("evaluation", ({ step, evaluation }) => console.log(`step ${step}: mean return ${evaluation.mean.toFixed(1)}`));
await run;

const frames: RgbImage[] = [];
for (let [board] = env.reset({ seed: 1 }), isOver = false; !isOver && frames.length < 1_000; ) {
  const [nextBoard, , terminated, truncated] = env.step(agent!.evalMode(() => agent!.act(board)));
  [board, isOver] = [nextBoard, terminated || truncated];
  frames.push(toRgb(env.draw(), 0.5));
}
mkdirSync("runs", { recursive: true });
writeFileSync(`runs/${game}.gif`, toGif(frames, 15));
console.log(`an episode is in runs/${game}.gif`);
