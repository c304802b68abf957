/** One safetensors file of everything a run has learned, and the page that says what is in it. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listAgents } from "../../src/agents/index.ts";
import { decodeSafetensors } from "../../src/autograd/index.ts";
import { make } from "../../src/envs/index.ts";
import { Random } from "../../src/random.ts";
import { exportWeights, FileError, loadAgent, train } from "../../src/train/index.ts";
import { small, smallHyperparameters } from "./smallRun.ts";

let folder: string;
let run: string;
beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-weights-"));
  run = path.join(folder, "run");
  await train({ ...small, agent: "dqn", env: "CartPole", hyperparameters: smallHyperparameters, out: run });
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

test("the networks of a run, by name", async () => {
  const { tensors, metadata } = decodeSafetensors(exportWeights(run));
  const shapes = Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));
  const layers = { "layers.0.w": [4, 16], "layers.0.b": [16], "layers.1.w": [16, 2], "layers.1.b": [2] };
  const named = (network: string) => Object.entries(layers).map(([name, shape]) => [`${network}.${name}`, shape]);
  expect(shapes).toEqual(Object.fromEntries([...named("model"), ...named("target")]));
  expect(metadata).toMatchObject({ format: "kusari-weights-1", agent: "dqn", env: "CartPole-v1" });
  expect(JSON.parse(metadata.hyperparameters!)).toMatchObject({ hiddenSizes: [16] });
  expect(JSON.parse(metadata.score!)).toMatchObject({ step: expect.any(Number), evaluation: { episodes: 3 } });
  const files = new Map<string, Uint8Array>();
  await (await loadAgent(run)).save(files);
  expect(tensors["model.layers.0.w"]!.data).toEqual(
    decodeSafetensors(files.get("model.safetensors")!).tensors["layers.0.w"]!.data,
  );
});

test("without weights, or with damaged ones, it is refused in one sentence", () => {
  const copy = path.join(folder, "copy");
  fs.cpSync(run, copy, { recursive: true });
  fs.writeFileSync(path.join(copy, "best", "model.safetensors"), "nothing");
  expect(() => exportWeights(copy, "best")).toThrow(FileError);
  expect(() => exportWeights(copy, "best")).toThrow(/^export: .*model\.safetensors is of no use; /);
  fs.rmSync(path.join(copy, "best"), { recursive: true });
  expect(() => exportWeights(copy, "best")).toThrow(/^export: .*copy must hold weights in best\/; got none/);
});

test("docs/export.md names the networks of every agent", async () => {
  const page = fs.readFileSync(new URL("../../docs/export.md", import.meta.url), "utf8");
  const rows = [...page.slice(page.indexOf("## Weights")).matchAll(/^\| (`[^|]*)\| ([^|]*)\|$/gm)];
  const wordsIn = (text: string) => [...text.matchAll(/`(\w+)`/g)].map(([, word]) => word!);
  const networksOf = new Map(
    rows.flatMap(([, ids, networks]) => wordsIn(ids!).map((id) => [id, wordsIn(networks!)] as const)),
  );
  for (const spec of listAgents()) {
    const { observationSpace, actionSpace } = make(
      spec.actionSpaces.includes("Discrete") ? "CartPole-v1" : "Pendulum-v1",
    ) as never;
    const agent = spec.create({ observationSpace, actionSpace, random: new Random(0), hyperparameters: {} });
    const files = new Map<string, Uint8Array>();
    await agent.save(files);
    const networks = [...files].filter(([, bytes]) => decodeSafetensors(bytes).metadata.t === undefined);
    const told = networksOf.get(spec.id) ?? networksOf.get("dqn")!;
    const parts = new Set(["q1", "q2"]);
    expect([spec.id, ...told.filter((word) => !parts.has(word))]).toEqual([
      spec.id,
      ...networks.map(([file]) => file.replace(".safetensors", "")),
    ]);
  }
});
