/** The page of a sweep, as text; test/cli/sweep.test.ts has one that a sweep wrote. */
import { expect, test } from "vitest";
import { type SweepTrial, sweepReport } from "../../src/plots/sweepReport.ts";

const axes = [
  { name: "learningRate", importance: 0.25, labels: [{ place: 0, text: "0.001" }] },
  { name: "a<b", importance: 0.5, labels: [] },
];
const trial = (n: number, score: number | null, status: SweepTrial["status"] = "finished"): SweepTrial => ({
  ...{ trial: n, status, score, steps: score === null ? null : 1_234, directory: `runs/sweep/trial-${n}` },
  values: [
    { place: n / 10, text: `0.00${n}` },
    { place: 0.5, text: '"quoted" & <b>' },
  ],
});
const page = (trials: readonly SweepTrial[]) =>
  sweepReport({ title: "dqn in <Env>", subtitle: "three trials", axes, trials, command: "rl train --x '<y>'" });

test("a line and dots for each trial with a score, the best in a class of its own, the failed in the table alone", () => {
  const trials = [
    trial(2, 30),
    trial(1, 20),
    trial(4, 18),
    trial(5, 17),
    trial(6, 16),
    trial(3, 5, "pruned"),
    trial(0, null, "failed"),
  ];
  const html = page(trials);
  const lines = [...html.matchAll(/<polyline class="line (\w+) (\w+)"/g)].map(
    ([, kind, status]) => `${kind} ${status}`,
  );
  // the best is drawn last
  expect(lines).toEqual(["rest pruned", ...Array(3).fill("rest finished"), "good finished", "best finished"]);
  expect(html.match(/<circle /g)?.length).toBe(3 * 6);
  expect(html.match(/<tr><td/g)?.length).toBe(7);
  expect(html).toContain('<td class="number">–</td><td class="number">–</td><td>failed</td>');
  expect(html).toContain('<td class="number">1,234</td><td>given up</td>');
  // from the most important down
  expect([...html.matchAll(/goes with (\d+)%/g)].map(([, share]) => share)).toEqual(["50", "25"]);
  expect(html).not.toMatch(/NaN|undefined|Infinity/);
});

test("texts are escaped, and nothing runs", () => {
  const html = page([trial(0, 1)]);
  expect(html).toContain("<h1>dqn in &lt;Env&gt;</h1>");
  expect(html).toContain("rl train --x '&lt;y&gt;'");
  expect(html).toContain("&quot;quoted&quot; &amp; &lt;b&gt;");
  expect(html).not.toMatch(/<b>|<script|NaN|undefined|Infinity/);
  expect(html).toContain("default-src 'none'");
});
