/** How a recorded program becomes few dispatches; no adapter is needed. */
import { describe, expect, it } from "vitest";
import { copyShader, matmulShader } from "../../src/gpu/families.ts";
import { schedule } from "../../src/gpu/schedule.ts";
import type { Access, RecordedLaunch, Shader } from "../../src/gpu/shader.ts";
import { Random } from "../../src/random.ts";

/** A kernel over elements that reads and writes the ranges given as [first, count]. */
function launch(
  reads: readonly (readonly [number, number])[],
  writes: readonly (readonly [number, number])[],
  { form = "elements" as Shader["form"], part = "any" as Access["part"], groups = 1, cost = 1, rows = 1 } = {},
): RecordedLaunch {
  const access =
    (writes: boolean) =>
    ([first, count]: readonly [number, number]) => ({ first, count, writes, part });
  const accesses = [...reads.map(access(false)), ...writes.map(access(true))];
  const shader = { name: "fake", body: "", form, changing: [], accesses: () => accesses, cost: () => cost };
  return { shader, rows, cols: 64, groupsX: groups, groupsY: 1, whole: [] };
}

/** The launches of each lane of each stage, "|" for a barrier, "·" behind what one workgroup runs. */
const text = (program: readonly RecordedLaunch[]) =>
  schedule(program).map((stage) =>
    stage.map(
      ({ steps, isSingle }) =>
        steps.map(({ launch, barrier }) => `${barrier ? "|" : ""}${launch}`).join(" ") + (isSingle ? "·" : ""),
    ),
  );

const big = { cost: 1_000, groups: 100 };

describe("a schedule", () => {
  it("runs side by side what does not touch the same numbers", () => {
    const program = [
      launch([[0, 64]], [[100, 64]], big),
      launch([[0, 64]], [[200, 64]], big),
      launch(
        [
          [100, 64],
          [200, 64],
        ],
        [[300, 64]],
        big,
      ),
    ];
    expect(text(program)).toEqual([["0", "1"], ["2"]]);
  });

  it("keeps a write behind a read of the same numbers, and behind an earlier write", () => {
    expect(text([launch([[0, 64]], [[100, 64]], big), launch([], [[32, 8]], big)])).toEqual([["0"], ["1"]]);
    expect(text([launch([], [[0, 64]], big), launch([], [[63, 8]], big)])).toEqual([["0"], ["1"]]);
    expect(text([launch([], [[0, 64]], big), launch([], [[64, 8]], big)])).toEqual([["0", "1"]]);
  });

  it("chains small launches in one workgroup, with barriers where they need each other", () => {
    const program = [
      launch([[0, 64]], [[100, 64]]),
      launch([[0, 64]], [[200, 64]]),
      launch([[100, 64]], [[300, 64]]),
      launch(
        [
          [300, 64],
          [200, 64],
        ],
        [[400, 64]],
      ),
    ];
    expect(text(program)).toEqual([["0 1 |2 |3·"]]);
  });

  it("puts what nobody waits for beside a later stage", () => {
    const program = [
      launch([[0, 64]], [[100, 64]]),
      launch([[100, 64]], [[200, 64]]),
      launch([[100, 64]], [[300, 64]]),
      launch([[200, 64]], [[400, 64]], big),
      launch([[400, 64]], [[500, 64]], big),
    ];
    // 2 is a statistic: it leaves the chain of 0 and 1 and joins the last stage
    expect(text(program)).toEqual([["0 |1·"], ["3"], ["2", "4"]]);
  });

  it("lets invocations go on with what they wrote themselves", () => {
    const copy = (source: number, target: number): RecordedLaunch => ({
      shader: copyShader(false),
      rows: 1,
      cols: 10_000,
      groupsX: 157,
      groupsY: 1,
      whole: [source, target],
    });
    expect(text([copy(0, 20_000), copy(20_000, 40_000)])).toEqual([["0 1"]]);
    expect(text([copy(0, 20_000), copy(20_001, 40_000)])).toEqual([["0"], ["1"]]);
    const rows = { form: "rows" as const, groups: 200, rows: 200, cost: 500, part: "row" as const };
    expect(text([launch([], [[0, 200]], rows), launch([[0, 200]], [[300, 200]], rows)])).toEqual([["0 |1"]]);
    expect(text([launch([], [[0, 200]], rows), launch([[0, 200]], [[300, 200]], { ...rows, rows: 100 })])).toEqual([
      ["0"],
      ["1"],
    ]);
  });

  it("knows what a product reads and writes", () => {
    const variant = { bias: true, activation: null, accumulate: false, tileRows: 1, tileCols: 1 };
    const shader = matmulShader({ ...variant, transposeA: false, transposeB: false });
    const product = (a: number, b: number, bias: number, y: number): RecordedLaunch => ({
      shader,
      rows: 32,
      cols: 64,
      groupsX: 8,
      groupsY: 4,
      whole: [100, a, b, bias, y],
    });
    const next = (a: number) => text([product(0, 10_000, 20_000, 30_000), product(a, 10_000, 20_000, 50_000)]);
    expect(next(30_000 + 32 * 64)).toEqual([["0", "1"]]);
    expect(next(30_000 + 32 * 64 - 1)).toEqual([["0"], ["1"]]);
  });

  it("of any program runs every launch once and never before what it needs", () => {
    const random = new Random("schedule");
    const overlap = (a: Access, b: Access) =>
      (a.writes || b.writes) && a.first < b.first + b.count && b.first < a.first + a.count;
    let chained = 0;
    for (let round = 0; round < 300; round++) {
      const range = () => [64 * random.integer(8), 64] as const;
      const program = Array.from({ length: 2 + random.integer(14) }, () =>
        launch(Array.from({ length: random.integer(3) }, range), Array.from({ length: 1 + random.integer(2) }, range), {
          form: (["elements", "narrowRows", "rows", "other"] as const)[random.integer(4)]!,
          part: (["element", "row", "any"] as const)[random.integer(3)]!,
          groups: 1 + random.integer(2),
          cost: random.integer(3) === 0 ? 500 : 1,
        }),
      );
      const place = new Map<number, { stage: number; lane: number; step: number; barriers: number }>();
      schedule(program).forEach((stage, s) => {
        stage.forEach(({ steps, isSingle }, l) => {
          let barriers = 0;
          if (isSingle) chained++;
          steps.forEach(({ launch, barrier }, k) => {
            expect(place.has(launch)).toBe(false);
            if (barrier) barriers++;
            place.set(launch, { stage: s, lane: l, step: k, barriers });
          });
        });
      });
      expect(place.size).toBe(program.length);
      const accesses = program.map((x) => x.shader.accesses(x));
      for (let j = 0; j < program.length; j++) {
        for (let i = 0; i < j; i++) {
          const clashes = accesses[i]!.flatMap((a) => accesses[j]!.filter((b) => overlap(a, b)).map((b) => [a, b]));
          if (clashes.length === 0) continue;
          const [p, q] = [place.get(i)!, place.get(j)!];
          if (p.stage !== q.stage) {
            expect(p.stage).toBeLessThan(q.stage);
            continue;
          }
          expect(p.lane).toBe(q.lane);
          expect(p.step).toBeLessThan(q.step);
          // with no barrier between, an invocation may need only what it wrote itself
          if (p.barriers === q.barriers) {
            for (const [a, b] of clashes) expect([a!.first, a!.part]).toEqual([b!.first, b!.part]);
            for (const [a] of clashes) expect(a!.part).not.toBe("any");
          }
        }
      }
    }
    expect(chained).toBeGreaterThan(100);
  });
});
