/** Networks that see pictures: their sizes are those of the papers, and they learn as bodies of q-functions. */
import { beforeEach, describe, expect, it } from "vitest";
import { DQN } from "../../src/agents/index.ts";
import { Linear, Sequential, scope, sum, transpose, variable } from "../../src/autograd/index.ts";
import { openDevice } from "../../src/device.ts";
import { MinAtarHead, NatureDQNHead, NIPSDQNHead } from "../../src/nets/index.ts";
import { Random } from "../../src/random.ts";

beforeEach(async () => {
  await openDevice("cpu");
});

const pictures = (batch: number, shape: readonly number[], top: number) => {
  const count = batch * shape.reduce((product, n) => product * n, 1);
  const random = new Random("pictures");
  return variable(
    Float32Array.from({ length: count }, () => random.integer(top + 1)),
    { shape: [batch, ...shape] },
  );
};

describe("heads", () => {
  const random = new Random(0);
  it.each([
    [
      "Nature DQN",
      new NatureDQNHead({ random, obsShape: [4, 84, 84] }),
      512,
      [32 * 4 * 64, 32, 64 * 32 * 16, 64, 64 * 64 * 9, 64, 3136 * 512, 512],
    ],
    [
      "NIPS DQN",
      new NIPSDQNHead({ random, obsShape: [4, 84, 84] }),
      256,
      [16 * 4 * 64, 16, 32 * 16 * 16, 32, 2592 * 256, 256],
    ],
    ["MinAtar", new MinAtarHead({ random, obsShape: [10, 10, 6] }), 128, [16 * 6 * 9, 16, 1024 * 128, 128]],
  ])("%s has the paper's sizes", (_name, head, outSize, sizes) => {
    expect(head.parameters().map((p) => p.size)).toEqual(sizes);
    const shape = sizes.length === 4 ? [10, 10, 6] : [4, 84, 84];
    expect(scope(() => head.forward(pictures(2, shape, 1)).shape)).toEqual([2, outSize]);
  });

  it("scales bytes on their way in", () => {
    const made = (inputScale: number) => new NIPSDQNHead({ random: new Random(1), obsShape: [4, 84, 84], inputScale });
    const run = (inputScale: number, factor: number) =>
      scope(() => {
        const head = made(inputScale);
        const y = head.forward(pictures(1, [4, 84, 84], 255).mul(factor));
        sum(y).backward();
        return [...y.toArray(), ...head.convolutions[0]!.w.gradData!];
      });
    const [inside, before] = [run(1 / 255, 1), run(1, 1 / 255)];
    inside.forEach((x, i) => {
      expect(Math.abs(x - before[i]!)).toBeLessThan(1e-4 * (1 + Math.abs(before[i]!)));
    });
  });

  it("takes channels first or last", () => {
    const made = (channelsLast: boolean) =>
      new MinAtarHead({ random: new Random(2), obsShape: channelsLast ? [10, 10, 4] : [4, 10, 10], channelsLast });
    scope(() => {
      const x = pictures(3, [10, 10, 4], 1);
      const last = made(true).forward(x).toArray();
      expect(
        made(false)
          .forward(transpose(x, [0, 3, 1, 2]))
          .toArray(),
      ).toEqual(last);
    });
  });

  it("refuse pictures of another size", () => {
    expect(() => new NatureDQNHead({ random, obsShape: [4, 20, 20] })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ConvolutionHead: each kernel must fit into its input; got kernel 3 for (1, 1) from obsShape (4, 20, 20).]`,
    );
    expect(() => new MinAtarHead({ random, obsShape: [100] })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ConvolutionHead: obsShape must be (channels, height, width), or (height, width, channels) with channelsLast; got (100).]`,
    );
    const head = new MinAtarHead({ random, obsShape: [10, 10, 4] });
    expect(() => head.forward(pictures(1, [4, 10, 10], 1))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ConvolutionHead: x must be (batch, 10, 10, 4); got (1, 4, 10, 10). Build the head with obsShape of env.observationSpace.]`,
    );
  });
});

describe("a head in a q-function", () => {
  it("learns which picture wants which action", () => {
    const network = () => {
      const random = new Random(3);
      const head = new MinAtarHead({ random, obsShape: [5, 5, 2], outSize: 32 });
      return new Sequential(head, new Linear(32, 2, { random }));
    };
    const agent = new DQN({
      observationSpace: { shape: [5, 5, 2] },
      actionSpace: { n: 2 },
      qFunction: network(),
      targetQ: network(),
      random: new Random(4),
      replayStartSize: 64,
      decaySteps: 200,
    });
    const random = new Random(5);
    // the action is right where the channel that is on says so: something only a picture as a whole tells
    const draw = () => {
      const wanted = random.integer(2);
      const obs = Float32Array.from({ length: 50 }, (_, i) => (i % 2 === wanted && random.uniform(0, 1) < 0.5 ? 1 : 0));
      return { wanted, obs };
    };
    let { wanted, obs } = draw();
    for (let step = 0; step < 400; step++) {
      const reward = agent.act(obs) === wanted ? 1 : 0;
      ({ wanted, obs } = draw());
      agent.observe(obs, reward, true, false);
    }
    agent.training = false;
    const right = Array.from({ length: 100 }, () => {
      const { wanted: action, obs: seen } = draw();
      return agent.act(seen) === action ? 1 : 0;
    }).reduce<number>((a, b) => a + b, 0);
    expect(right).toBeGreaterThan(90);
  });
});
