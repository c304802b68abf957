/**
 * An environment of your own, CartPole's cousin: a ball rolls on a beam, which tilts a little to the left or right.
 *
 *   npm run build && npx jiti examples/cartpole/ownEnvironment.ts [steps]
 *   deno run -A examples/cartpole/ownEnvironment.ts [steps]
 */
import { writeFileSync } from "node:fs";
import process from "node:process";
import * as kusari from "kusari";

class BallOnBeam extends kusari.Env<Float32Array, number> {
  readonly observationSpace = new kusari.Box(-2, 2, { shape: [3] }); // the ball's place and speed, the beam's angle
  readonly actionSpace = new kusari.Discrete(2); // tilt to the left, to the right
  #now: readonly number[] = [0, 0, 0]; // all that steps depend on is saved, so that a run can be resumed

  override reset({ seed }: kusari.ResetOptions = {}): [Float32Array, kusari.Info] {
    this.seedRandom(seed); // draw through this.random alone
    this.#now = [1.2 * this.random.random() - 0.6, 0, 0];
    return [Float32Array.from(this.#now), {}];
  }

  override step(action: number): kusari.StepResult<Float32Array> {
    const [x, speed, angle] = this.#now as [number, number, number];
    const tilted = Math.max(-0.3, Math.min(0.3, angle + (action === 1 ? 0.05 : -0.05)));
    const faster = Math.max(-2, Math.min(2, speed + 0.4 * Math.sin(tilted)));
    this.#now = [x + 0.04 * faster, faster, tilted];
    const terminated = Math.abs(x) > 1; // the ball fell
    return [Float32Array.from(this.#now), terminated ? 0 : 1 - Math.abs(x), terminated, false, {}];
  }

  override saveState = (): kusari.State => [super.saveState(), this.#now];
  override loadState([random, now]: [kusari.State, number[]]): void {
    super.loadState(random);
    this.#now = now;
  }

  override draw(): kusari.DrawList {
    const [x, , angle] = this.#now as [number, number, number];
    const points = kusari.placed([[-180, 0], [180, 0], [180 * x, -18]], angle, 200, 100); // biome-ignore format: points
    const beam = { kind: "line", points: points.slice(0, 2), stroke: "#404040", strokeWidth: 6 } as const;
    const ball = { kind: "circle", x: points[2]![0], y: points[2]![1], radius: 15, fill: "#d55e00" } as const;
    return { width: 400, height: 200, background: "#f7f7f7", shapes: [beam, ball] };
  }
}

kusari.register({ id: "BallOnBeam-v0", entryPoint: () => new BallOnBeam(), maxEpisodeSteps: 200 }); // with a time limit
console.log("mistakes found:", kusari.checkEnv(new BallOnBeam()));

const { hyperparameters } = kusari.presetFor("doubledqn", "CartPole-v1")!;
const steps = Number(process.argv[2] ?? 20_000);
const run = await kusari.train({ agent: "doubledqn", env: "BallOnBeam-v0", steps, hyperparameters });
const agent = await kusari.loadAgent(run.runDirectory!);
const frames: kusari.RgbImage[] = [];
const env = kusari.make("BallOnBeam-v0");
for (let [obs] = env.reset({ seed: 1 }), isOver = false; !isOver; frames.push(kusari.toRgb(env.draw()))) {
  const [nextObs, , terminated, truncated] = env.step(agent.evalMode(() => agent.act(obs)));
  [obs, isOver] = [nextObs, terminated || truncated];
}
writeFileSync(`${run.runDirectory}/ball.gif`, kusari.toGif(frames, 25));
console.log(`mean return ${run.evaluation?.mean.toFixed(1)}, an episode is in ${run.runDirectory}/ball.gif`);
