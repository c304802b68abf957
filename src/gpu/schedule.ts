/**
 * Turns a recorded program into as few dispatches as its dependencies allow. A dispatch costs the host microseconds and
 * the GPU a pause between kernels; an update of a small network is dozens of launches that mostly do not need each other.
 *
 * A program becomes stages, one dispatch each; a stage is lanes that do not touch each other's numbers and run side by
 * side, each in workgroups of its own (weight and bias gradient, online and target network). A lane is launches one after
 * the other: those whose invocations need only what they wrote themselves (Adam, then the copy to the target network), or
 * small ones that one workgroup runs with barriers between (the chain of a TD error).
 */
import type { Access, RecordedLaunch } from "./shader.ts";

export interface Lane {
  /** Launches in their order, by number, and whether a barrier must stand before each. */
  readonly steps: readonly { readonly launch: number; readonly barrier: boolean }[];
  /** Whether one workgroup runs all launches; otherwise all have as many workgroups as the first. */
  readonly isSingle: boolean;
}
export type Stage = readonly Lane[];

/** Iterations that one workgroup may spend on a launch rather than end the dispatch, and on all of a lane. */
const mostOfLaunch = 64;
const mostOfLane = 512;

const overlaps = (a: Access, b: Access): boolean =>
  (a.writes || b.writes) && a.first < b.first + b.count && b.first < a.first + a.count;

/** Iterations of a launch that has only one workgroup. */
function costAlone(launch: RecordedLaunch): number {
  const { shader, groupsX, groupsY } = launch;
  return shader.form === "other"
    ? shader.cost(launch) * groupsX * groupsY
    : shader.cost({ ...launch, groupsX: 1, groupsY: 1 });
}

interface OpenLane {
  level: number;
  launches: number[];
  isSingle: boolean;
  cost: number;
}

export function schedule(program: readonly RecordedLaunch[]): Stage[] {
  const accesses = program.map((launch) => launch.shader.accesses(launch));
  const conflict = (i: number, j: number): boolean =>
    accesses[i]!.some((a) => accesses[j]!.some((b) => overlaps(a, b)));

  /** Whether what j needs of i was written by the same invocation (or, of rows, the same workgroup). */
  const isAligned = (i: number, j: number): boolean => {
    const [a, b] = [program[i]!, program[j]!];
    if (a.shader.form === "other" || a.shader.form !== b.shader.form || a.groupsX !== b.groupsX) return false;
    if (a.shader.form !== "elements" && (a.rows !== b.rows || a.cols !== b.cols)) return false;
    return accesses[i]!.every((x) =>
      accesses[j]!.every(
        (y) => !overlaps(x, y) || (x.part !== "any" && x.part === y.part && x.first === y.first && x.count === y.count),
      ),
    );
  };

  const lanes = new Set<OpenLane>();
  const laneOf: OpenLane[] = [];
  program.forEach((launch, i) => {
    const needed = new Set<OpenLane>();
    for (let j = 0; j < i; j++) if (conflict(j, i)) needed.add(laneOf[j]!);
    const level = Math.max(-1, ...[...needed].map((lane) => lane.level));
    const latest = [...needed].filter((lane) => lane.level === level);
    const [first] = latest;
    const cost = costAlone(launch);
    const join = (lane: OpenLane) => {
      lane.launches.push(i);
      laneOf[i] = lane;
    };
    if (latest.length === 1 && !first!.isSingle && first!.launches.every((j) => isAligned(j, i))) {
      first!.cost += cost;
      join(first!);
      return;
    }
    const total = latest.reduce((sum, lane) => sum + lane.cost, cost);
    const isSmall = (lane: OpenLane) =>
      lane.isSingle || lane.launches.every((j) => costAlone(program[j]!) <= mostOfLaunch);
    if (first && cost <= mostOfLaunch && total <= mostOfLane && latest.every(isSmall)) {
      for (const lane of latest.slice(1)) {
        for (const j of lane.launches) laneOf[j] = first;
        first.launches.push(...lane.launches);
        lanes.delete(lane);
      }
      first.launches.sort((a, b) => a - b);
      first.isSingle = true;
      first.cost = total;
      join(first);
      return;
    }
    const lane: OpenLane = { level: level + 1, launches: [], isSingle: false, cost };
    lanes.add(lane);
    join(lane);
  });

  // what nobody waits for leaves the chains, to run beside a later stage
  const last = Math.max(...[...lanes].map((lane) => lane.level));
  for (let i = program.length - 1; i >= 0; i--) {
    const lane = laneOf[i]!;
    if (!lane.isSingle || lane.launches.length === 1) continue;
    let soonest = last + 1;
    for (let j = i + 1; j < program.length; j++) if (conflict(i, j)) soonest = Math.min(soonest, laneOf[j]!.level);
    if (soonest <= lane.level + 1) continue;
    lane.launches.splice(lane.launches.indexOf(i), 1);
    const own: OpenLane = { level: soonest - 1, launches: [i], isSingle: false, cost: costAlone(program[i]!) };
    lanes.add(own);
    laneOf[i] = own;
  }

  const stages: Lane[][] = Array.from({ length: last + 1 }, () => []);
  const ordered = [...lanes].sort((a, b) => a.launches[0]! - b.launches[0]!);
  for (const { level, launches, isSingle } of ordered) {
    let sinceBarrier: number[] = [];
    const steps = launches.map((launch) => {
      const isRows = program[launch]!.shader.form === "rows";
      const barrier = sinceBarrier.some((j) => conflict(j, launch)) && (isSingle || isRows);
      if (barrier) sinceBarrier = [];
      sinceBarrier.push(launch);
      return { launch, barrier };
    });
    stages[level]!.push({ steps, isSingle: isSingle && steps.length > 1 });
  }
  return stages;
}
