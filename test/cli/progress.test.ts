import { describe, expect, test } from "vitest";
import {
  clock,
  compact,
  evaluationLine,
  isColoured,
  isLive,
  liveLine,
  Progress,
  short,
} from "../../src/cli/progress.ts";
import { evaluationText, runReport, table } from "../../src/cli/report.ts";
import type { EvaluationEvent, ProgressEvent, ResultEvent } from "../../src/train/events.ts";
import { shellWord } from "../../src/train/runOrigin.ts";

const progressAt = (step: number, more: Partial<ProgressEvent> = {}): ProgressEvent => ({
  event: "progress",
  step,
  steps: 100_000,
  episodes: 310,
  episodeReturn: 187,
  statistics: { averageQ: 4.2, averageLoss: 0.0123, updates: 900, epsilon: 0.05 },
  stepsPerSecond: 9_812,
  secondsLeft: 5.9,
  ...more,
});
const summary = { episodes: 10, mean: 187.25, median: 190, stdev: 20.061, min: 9, max: 500 };
const evaluationEvent: EvaluationEvent = {
  event: "evaluation",
  step: 42_000,
  episodes: 310,
  evaluation: summary,
  best: true,
};

describe("numbers", () => {
  test("compact keeps three digits", () => {
    expect([0, 7.4, 999, 1_000, 9_999, 42_000, 99_960, 999_400, 999_600, 1.5e6, 2e9].map(compact)).toEqual(
      "0 7 999 1.00k 10.0k 42.0k 100k 999k 1.00M 1.50M 2.00G".split(" "),
    );
  });
  test("short fits returns and losses", () => {
    expect([0, 187, -1234.5, 0.0123, 0.5, 1.5e-7, -3e7, Number.NaN].map(short)).toEqual(
      "0 187 -1235 0.0123 0.5 1.5e-7 -3.0e+7 NaN".split(" "),
    );
  });
  test("clock rounds up and grows an hour field", () => {
    expect([0, 5.1, 59.9, 754, 3_723, Number.POSITIVE_INFINITY].map(clock)).toEqual(
      "0:00 0:06 1:00 12:34 1:02:03 ?".split(" "),
    );
  });
});

describe("the live line", () => {
  test("leaves out the least important numbers as the terminal gets narrower", () => {
    expect([119, 79, 59, 39, 20, 9].map((width) => liveLine(progressAt(42_000), width))).toMatchInlineSnapshot(`
      [
        "██████████░░░░░░░░░░░░░░  42%  42.0k/100k  9.81k/s  return 187    loss 0.0123  ε 0.05  0:06 left",
        "██░░░░░  42%  42.0k/100k  9.81k/s  return 187    loss 0.0123  ε 0.05  0:06 left",
        "███░░░░░  42%  42.0k/100k  9.81k/s  return 187    0:06 left",
        "███░░░░░░  42%  return 187    0:06 left",
        "██████░░░░░░░░░  42%",
        "█░░░  42%",
      ]
    `);
  });
  test("never is longer than the terminal", () => {
    for (let width = 0; width < 150; width++) {
      for (const step of [1, 500, 99_999, 100_000]) {
        expect(liveLine(progressAt(step, { secondsLeft: 400_000 }), width).length).toBeLessThanOrEqual(width);
      }
    }
  });
  test("shows what there is before the first episode and for an agent without a loss", () => {
    expect(liveLine(progressAt(500, { episodeReturn: null, statistics: {} }), 79)).toMatchInlineSnapshot(
      `"░░░░░░░░░░░░░░░░░░░░░░░░   0%  500/100k  9.81k/s  0:06 left"`,
    );
  });
  test("is full at the end and empty at the start", () => {
    const actors = { actorStepsPerSecond: [5_100, 4_712], actorUpdatesBehind: [12, 9] };
    expect(liveLine(progressAt(42_000, actors), 150)).toContain("(5.10k+4.71k, 12+9 updates behind)");
    expect(liveLine(progressAt(100_000), 79)).not.toContain("░");
    expect(liveLine(progressAt(0), 79)).not.toContain("█");
  });
});

/** Writes through Progress with a clock that the test moves. */
function written(
  stream: { isTTY: boolean; columns?: number },
  env: Record<string, string>,
  act: (p: Progress, wait: (ms: number) => void) => void,
) {
  let text = "";
  let now = 0;
  const write = (piece: string) => (text += piece);
  act(new Progress({ ...stream, write }, env, () => now), (ms) => (now += ms));
  return text;
}

describe("Progress", () => {
  test("on a terminal redraws at most ten times a second and keeps evaluations above the line", () => {
    const text = written({ isTTY: true, columns: 60 }, { NO_COLOR: "1" }, (progress, wait) => {
      progress.on(progressAt(500));
      wait(99);
      progress.on(progressAt(1_000));
      wait(1);
      progress.on(progressAt(42_000));
      progress.on(evaluationEvent);
      progress.close();
    });
    expect(JSON.stringify(text)).toMatchInlineSnapshot(
      `""\\r░░░░░░░░░░   0%  500/100k  9.81k/s  return 187    0:06 left\\u001b[K\\r███░░░░░  42%  42.0k/100k  9.81k/s  return 187    0:06 left\\u001b[K\\r\\u001b[Kstep 42000: mean return 187.3 ± 20.1 (min 9, max 500, 10 episodes) best so far\\n\\r███░░░░░  42%  42.0k/100k  9.81k/s  return 187    0:06 left\\u001b[K\\r\\u001b[K""`,
    );
  });
  test("in a pipe writes plain lines: every evaluation, progress every ten seconds", () => {
    const text = written({ isTTY: false }, {}, (progress, wait) => {
      progress.on(progressAt(500));
      wait(9_999);
      progress.on(progressAt(1_000));
      wait(1);
      progress.on(progressAt(42_000));
      progress.on(evaluationEvent);
      progress.on({ event: "warning", step: 0, message: "a checkpoint was passed over" });
      progress.close();
    });
    expect(text).toMatchInlineSnapshot(`
      "step 42000 of 100000, 9.81k steps/s, return 187, loss 0.0123, ε 0.05, 0:06 left
      step 42000: mean return 187.3 ± 20.1 (min 9, max 500, 10 episodes) best so far
      warning: a checkpoint was passed over
      "
    `);
  });
  test("colours on a terminal unless NO_COLOR is set", () => {
    const draw = (env: Record<string, string>) =>
      written({ isTTY: true, columns: 60 }, env, (progress) => progress.on(progressAt(42_000)));
    expect(draw({})).toContain("\u001b[36m█");
    expect(draw({ NO_COLOR: "1" })).not.toContain("m█");
    expect(isLive({ isTTY: true, write: () => 0 }, { TERM: "dumb" })).toBe(false);
    expect(isColoured({ isTTY: false, write: () => 0 }, {})).toBe(false);
  });
});

describe("the report", () => {
  const result: ResultEvent = {
    event: "result",
    agent: "dqn",
    env: "CartPole-v1",
    seed: 0,
    steps: 10_500,
    episodes: 222,
    seconds: 1.42,
    stepsPerSecond: 7_512,
    evaluation: { ...summary, episodes: 100 },
    keptStep: 10_500,
    runDirectory: "runs/my run",
    outcome: "solved",
  };
  test("of a solved run names the score, the directory and the next command", () => {
    expect(runReport(result, null, "rl")).toMatchInlineSnapshot(`
      "solved: mean return 187.3 ± 20.1 over 100 greedy episodes (min 9, median 190, max 500)
      10500 steps, 222 episodes, 1.4 s (7.51k steps/s)
      saved in 'runs/my run'
      next: rl watch 'runs/my run'
            rl plot 'runs/my run'
            rl eval 'runs/my run'
      "
    `);
  });
  test("of a stopped run says how to continue", () => {
    expect(
      runReport({ ...result, outcome: "stopped", evaluation: null }, "./my env.ts", "npx rl"),
    ).toMatchInlineSnapshot(`
      "stopped: no evaluation yet
      10500 steps, 222 episodes, 1.4 s (7.51k steps/s)
      saved; continue with npx rl resume 'runs/my run' --env './my env.ts'
      "
    `);
  });
  test("of a run without a directory names none", () => {
    expect(runReport({ ...result, outcome: "finished", runDirectory: null }, null, "rl")).toMatchInlineSnapshot(`
      "finished: mean return 187.3 ± 20.1 over 100 greedy episodes (min 9, median 190, max 500)
      10500 steps, 222 episodes, 1.4 s (7.51k steps/s)
      "
    `);
  });
  test("texts", () => {
    expect(evaluationLine({ ...evaluationEvent, best: false })).toMatchInlineSnapshot(
      `"step 42000: mean return 187.3 ± 20.1 (min 9, max 500, 10 episodes)"`,
    );
    expect(evaluationText(summary)).toMatchInlineSnapshot(
      `"mean return 187.3 ± 20.1 over 10 greedy episodes (min 9, median 190, max 500)"`,
    );
    expect([shellWord("runs/dqn-0"), shellWord("it's")]).toEqual(["runs/dqn-0", "'it'\\''s'"]);
    expect(
      table(
        ["id", "paper"],
        [
          ["dqn", "Mnih"],
          ["doubledqn", "van Hasselt"],
        ],
      ),
    ).toMatchInlineSnapshot(`
      "id         paper
      dqn        Mnih
      doubledqn  van Hasselt
      "
    `);
  });
});
