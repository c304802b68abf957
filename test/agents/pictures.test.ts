/** Agents whose observations are pictures put convolutions in front of their networks. */
import { describe, expect, it } from "vitest";
import { type Agent, type AgentSpec, listAgents } from "../../src/agents/index.ts";
import { Convolution2D, Link, scope, variable } from "../../src/autograd/index.ts";
import { convolutionsOf, Mlp } from "../../src/nets/index.ts";
import { Random } from "../../src/random.ts";

const board = { shape: [8, 8, 2], dtype: "uint8", high: new Float32Array(128).fill(1) };
const spaces = { Discrete: { n: 3 }, Box: { shape: [2], low: [-1, -1], high: [1, 1] } };

function build(spec: AgentSpec, kind: "Discrete" | "Box", more: Record<string, unknown> = {}): Agent {
  const wanted = {
    hiddenSizes: [8, 8],
    replayStartSize: 16,
    minibatchSize: 4,
    batchEpisodes: 1,
    updateSteps: 4,
    tMax: 4,
    updateInterval: ["ppo", "trpo"].includes(spec.id) ? 16 : 4,
    epochs: 1,
    ...more,
  };
  const hyperparameters = Object.fromEntries(Object.entries(wanted).filter(([name]) => name in spec.hyperparameters));
  return spec.create({ observationSpace: board, actionSpace: spaces[kind], random: new Random(0), hyperparameters });
}

const networksOf = (agent: Agent): Link[] => Object.values(agent).filter((part): part is Link => part instanceof Link);
const convolutionsIn = (agent: Agent): number =>
  networksOf(agent)
    .flatMap((network) => [...network.links()])
    .filter((link) => link instanceof Convolution2D).length;

function play(agent: Agent, updates: number): void {
  const random = new Random(1);
  const draw = () => Uint8Array.from({ length: 128 }, () => random.integer(2));
  let obs = draw();
  for (let step = 1; agent.updates < updates; step++) {
    agent.act(obs);
    const next = draw();
    agent.observe(next, random.normal(), step % 7 === 0, false);
    obs = step % 7 === 0 ? draw() : next;
  }
}

describe("agents that see boards of 8 by 8 points", () => {
  const cases = listAgents()
    .filter(({ hyperparameters }) => "convolutions" in hyperparameters)
    .flatMap((spec) => spec.actionSpaces.map((kind) => [spec.id, kind, spec] as const));
  it.each(cases)("%s, %s actions", (_id, kind, spec) => {
    const agent = build(spec, kind);
    expect(convolutionsIn(agent)).toBeGreaterThan(0);
    expect(convolutionsIn(build(spec, kind, { convolutions: "none" }))).toBe(0);
    play(agent, 3);
    expect(Object.values(agent.statistics()).every(Number.isFinite)).toBe(true);
    if (!spec.recurrent) return;
    const remembering = build(spec, kind, { recurrent: "gru", sampling: "uniform", nStep: 1 });
    play(remembering, 3);
    expect(Object.values(remembering.statistics()).every(Number.isFinite)).toBe(true);
  });
});

describe("convolutionsOf", () => {
  const random = new Random(0);
  it("chooses by the observation", () => {
    const auto = (obsShape: number[]) => convolutionsOf({ name: "auto", obsShape }, random);
    expect([auto([4]), auto([84, 84]), auto([2, 5, 1])]).toEqual([null, null, null]);
    expect(convolutionsOf(null, random)).toBe(null);
    const kernels = (obsShape: number[]) => auto(obsShape)!.convolutions.map(({ w }) => w.shape.join(" "));
    expect(kernels([10, 10, 4])).toEqual(["16 4 3 3"]);
    expect(kernels([10, 10, 10])).toEqual(["16 10 3 3"]);
    expect(kernels([4, 84, 84])).toEqual(["32 4 8 8", "64 32 4 4", "64 64 3 3"]);
    expect(kernels([84, 84, 3])).toEqual(["32 3 8 8", "64 32 4 4", "64 64 3 3"]);
    expect(auto([10, 10, 4])!.outSize).toBe(8 * 8 * 16);
  });

  it("says where a picture is too small for what was named", () => {
    expect(() => convolutionsOf({ name: "nature", obsShape: [8, 8, 2] }, random)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ConvolutionHead: each kernel must fit into its input; got kernel 4 for (1, 1) from obsShape (8, 8, 2).]`,
    );
    expect(() => convolutionsOf({ name: "minatar", obsShape: [4] }, random)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ConvolutionHead: obsShape must be (channels, height, width), or (height, width, channels) with channelsLast; got (4).]`,
    );
  });

  it("brings bytes to numbers from 0 to 1", () => {
    const make = (inputScale: number) =>
      new Mlp(0, 1, {
        hiddenSizes: [4],
        random: new Random(0),
        convolutions: { name: "minatar", obsShape: [5, 5, 1], inputScale },
      });
    const [one, scaled] = [make(1), make(1 / 255)];
    scope(() => {
      const x = Float32Array.from({ length: 25 }, (_, i) => i / 25);
      const bytes = x.map((v) => v * 255);
      const of = (network: Mlp, values: Float32Array) =>
        network.forward(variable(values, { shape: [1, 5, 5, 1] })).item();
      expect(of(scaled, bytes)).toBeCloseTo(of(one, x), 5);
    });
  });
});
