/** RL_DEBUG=2: every dispatch in a pass of its own, with its time on the GPU where the adapter has timestamps. */
import { note } from "../debug.ts";

export interface TimedDispatch {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindings: GPUBindGroup;
  readonly groupsX: number;
  readonly groupsY: number;
}

const usage = { mapRead: 1, copySource: 4, copyTarget: 8, queryResolve: 512 } as const;
const readMode = 1;

/** Runs the dispatches one after the other and prints a line for each, the times once they are there. */
export function runTimed(device: GPUDevice, dispatches: readonly TimedDispatch[]): void {
  const hasTimes = device.features.has("timestamp-query");
  const count = 2 * dispatches.length;
  const times = hasTimes ? device.createQuerySet({ type: "timestamp", count }) : null;
  const encoder = device.createCommandEncoder();
  dispatches.forEach(({ pipeline, bindings, groupsX, groupsY }, i) => {
    const pass = encoder.beginComputePass(
      times
        ? { timestampWrites: { querySet: times, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 } }
        : {},
    );
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindings);
    pass.dispatchWorkgroups(groupsX, groupsY);
    pass.end();
  });
  const lineOf = ({ label, groupsX, groupsY }: TimedDispatch) => `${label}, ${groupsX * groupsY} workgroups`;
  if (!times) {
    device.queue.submit([encoder.finish()]);
    for (const dispatch of dispatches) note(2, `gpu ${lineOf(dispatch)}`);
    return;
  }
  const size = 8 * count;
  const resolved = device.createBuffer({ size, usage: usage.queryResolve | usage.copySource });
  const read = device.createBuffer({ size, usage: usage.mapRead | usage.copyTarget });
  encoder.resolveQuerySet(times, 0, count, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, read, 0, size);
  device.queue.submit([encoder.finish()]);
  const print = async () => {
    await read.mapAsync(readMode);
    const at = new BigInt64Array(read.getMappedRange());
    dispatches.forEach((dispatch, i) => {
      const microseconds = Number(at[2 * i + 1]! - at[2 * i]!) / 1_000;
      note(2, `gpu ${microseconds.toFixed(1).padStart(8)} µs  ${lineOf(dispatch)}`);
    });
    for (const x of [times, resolved, read]) x.destroy();
  };
  // a device lost meanwhile is reported by the tape
  print().catch(() => {});
}
