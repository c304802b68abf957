/** A thread of WorkerVectorEnv: steps its rows into shared memory until it is told to close. */
import { receiveMessageOnPort, workerData } from "node:worker_threads";
import "../node.ts";
import { LocalVectorEnv } from "./localVectorEnv.ts";
import { makeRows } from "./makeVec.ts";
import type { VectorActions } from "./vectorEnv.ts";
import {
  answer,
  answerAt,
  type Call,
  command,
  commandAt,
  layOut,
  put,
  rowsOf,
  take,
  type WorkerSettings,
} from "./workerProtocol.ts";

const settings = workerData as WorkerSettings;
const control = new Int32Array(settings.control);
const { port } = settings;

const respond = (value: number): void => put(control, answerAt, value);

/** Hands the error over; who asked decides what becomes of this thread. */
function fail(error: unknown): void {
  const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
  port.postMessage({ name, message });
  respond(answer.failed);
}

/** The message that was sent before the command. */
const receive = (): unknown => receiveMessageOnPort(port)!.message;

async function serve(): Promise<void> {
  const { id, options, name, autoresetMode, from, count, numEnvs, memory, module } = settings;
  if (module !== undefined) await import(module);
  const { rows, spec } = makeRows(id, count, options);
  const all = layOut(rows.observationSpace, rows.actionSpace, numEnvs, memory).arrays;
  const arrays = rowsOf(all, numEnvs, from, count);
  const env = new LocalVectorEnv(rows, { name, spec, autoresetMode, nextArrays: () => arrays });

  const step = () => {
    const [, , , , { isReset: _shared, ...infos }] = env.step(arrays.actions ?? (receive() as VectorActions));
    if (Object.keys(infos).length === 0) return respond(answer.done);
    port.postMessage(infos);
    respond(answer.message);
  };
  const call = () => {
    const asked = receive() as Call;
    if (asked.method === "reset") port.postMessage(env.reset(asked.options)[1]);
    else if (asked.method === "draw") port.postMessage(env.draw(asked.row - from));
    else if (asked.method === "saveState") port.postMessage(env.saveState());
    else port.postMessage(env.loadState(asked.state));
    respond(answer.message);
  };

  respond(answer.done);
  for (;;) {
    const asked = take(control, commandAt);
    if (asked === command.close) return env.close();
    if (asked === command.step) step();
    else {
      try {
        call();
      } catch (error) {
        fail(error);
      }
    }
  }
}

// an environment that ends the process ends this thread alone, and nobody would answer
process.once("exit", () => {
  Atomics.compareExchange(control, answerAt, answer.none, answer.exited);
  Atomics.notify(control, answerAt);
});
await serve().catch(fail);
