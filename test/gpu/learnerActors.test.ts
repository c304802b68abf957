/** An agent that learns on the adapter that is there, from actors that act on the cpu. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type RunEvent, resume, train } from "../../src/train/index.ts";
import { because, missingAdapter } from "./adapter.ts";

const out = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-gpu-actors-"));
afterAll(() => fs.rmSync(out, { recursive: true, force: true }));

describe.skipIf(missingAdapter)(`a learner on a GPU with two actors${because}`, () => {
  it("learns from every step, hands on what it learned, and goes on after a stop", async () => {
    const run = train({
      agent: "dqn",
      env: "CartPole-v1",
      device: "gpu",
      actors: 2,
      steps: 100_000,
      stopAt: null,
      evalInterval: 1_000_000,
      reportInterval: 128,
      out: path.join(out, "run"),
      hyperparameters: {
        hiddenSizes: [8],
        replayStartSize: 64,
        minibatchSize: 32,
        updateInterval: 32,
        updatesPerInterval: 1,
      },
    });
    const progress: Extract<RunEvent, { event: "progress" }>[] = [];
    run.on("progress", (event) => {
      progress.push(event);
      if (event.step >= 512) void run.stop();
    });
    const { steps, outcome } = await run;
    expect(outcome).toBe("stopped");
    const last = progress.at(-1)!;
    expect(last.statistics.updates).toBe(last.step / 32 - 1);
    expect(last.statistics.averageLoss).toBeGreaterThan(0);
    // an actor may have waited for its turn all the while; not both
    expect(Math.min(...last.actorUpdatesBehind!)).toBeLessThan(last.statistics.updates!);
    const result = await resume(path.join(out, "run"), { steps: steps + 100 });
    expect(result).toMatchObject({ outcome: "finished", steps: steps + 100 });
  }, 120_000);
});
