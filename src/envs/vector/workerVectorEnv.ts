/** Environments spread over threads: observations in shared memory, one wake-up and one wait a thread and step. */
import type { MessagePort, Worker } from "node:worker_threads";
import { DeviceError, UsageError } from "../../errors.ts";
import type { State } from "../../state.ts";
import { type MakeOptions, make } from "../registry.ts";
import type { DrawList } from "../render/index.ts";
import { type Batch, copyBatch, createBatch, getRow, setRow } from "./batchSpace.ts";
import { arraysFor, type StepArrays } from "./localVectorEnv.ts";
import {
  type AutoresetMode,
  type VectorActions,
  VectorEnv,
  type VectorResetOptions,
  type VectorStepResult,
} from "./vectorEnv.ts";
import { addInfos, type VectorInfos } from "./vectorInfos.ts";
import {
  answer,
  answerAt,
  type Call,
  command,
  commandAt,
  layOut,
  put,
  type SharedArrays,
  take,
  type WorkerSettings,
} from "./workerProtocol.ts";

export interface WorkerVectorOptions {
  readonly id: string;
  readonly options: MakeOptions;
  readonly name: string;
  readonly autoresetMode: AutoresetMode;
  readonly reuseObs: boolean;
  readonly workers: number | undefined;
  readonly module: string | undefined;
  /** Seconds. */
  readonly timeout: number | undefined;
}

interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly control: Int32Array;
  readonly from: number;
  readonly count: number;
}

/** Node's own modules, looked up when they are needed: a browser has none, and a bundle for it holds none. */
function nodeModules() {
  const builtin = globalThis.process?.getBuiltinModule;
  if (!builtin) {
    throw new UsageError("makeVec: mode worker must run in Node; got a runtime without its threads. Use mode sync.");
  }
  return {
    threads: builtin("node:worker_threads"),
    cores: builtin("node:os").availableParallelism(),
    fs: builtin("node:fs"),
  };
}

/** The compiled thread, also where sources run as they are. */
function workerUrl(fs: typeof import("node:fs")): URL {
  if (!import.meta.url.endsWith(".ts")) return new URL("./worker.js", import.meta.url);
  const url = new URL("../../../dist/envs/vector/worker.js", import.meta.url);
  if (fs.existsSync(url)) return url;
  throw new UsageError(
    `makeVec: mode worker must find its compiled thread; got nothing at ${url.pathname}. Run npm run build.`,
  );
}

export class WorkerVectorEnv extends VectorEnv {
  readonly #threads: Thread[] = [];
  readonly #shared: SharedArrays;
  readonly #nextArrays: () => StepArrays;
  readonly #timeout: number;
  readonly #receive: (port: MessagePort) => unknown;

  constructor(numEnvs: number, settings: WorkerVectorOptions) {
    const { id, options, name, autoresetMode, reuseObs, module, timeout = 60 } = settings;
    const { threads, cores, fs } = nodeModules();
    const { workers = Math.max(1, Math.min(numEnvs, cores - 1)) } = settings;
    if (!(Number.isSafeInteger(workers) && workers > 0 && workers <= numEnvs)) {
      throw new UsageError(
        `makeVec: workers must be a whole number from 1 to the number of environments, ${numEnvs}; got ${workers}. Leave it out for one less than cores.`,
      );
    }
    if (!(timeout > 0)) {
      throw new UsageError(`makeVec: workerTimeout must be a positive number of seconds; got ${timeout}. Change it.`);
    }
    const single = make(id, options);
    const { spec, observationSpace, actionSpace } = single;
    super({
      numEnvs,
      spec,
      name,
      singleObservationSpace: observationSpace,
      singleActionSpace: actionSpace,
      autoresetMode,
    });
    single.close();
    this.#timeout = timeout;
    this.#receive = (port) => threads.receiveMessageOnPort(port)?.message;
    this.#nextArrays = arraysFor(this, reuseObs);
    const { room } = layOut(observationSpace, actionSpace, numEnvs, new SharedArrayBuffer(0));
    const memory = new SharedArrayBuffer(room);
    this.#shared = layOut(observationSpace, actionSpace, numEnvs, memory).arrays;
    const url = workerUrl(fs);
    for (let i = 0; i < workers; i++) {
      const from = Math.floor((i * numEnvs) / workers);
      const count = Math.floor(((i + 1) * numEnvs) / workers) - from;
      const control = new SharedArrayBuffer(8);
      const { port1, port2 } = new threads.MessageChannel();
      const shared = { from, count, numEnvs, memory, control, port: port2 };
      const workerData: WorkerSettings = { id, options, name, autoresetMode, module, ...shared };
      const worker = new threads.Worker(url, { workerData, transferList: [port2], execArgv: [] });
      worker.unref();
      worker.on("error", () => {}); // it is told of by its answer
      this.#threads.push({ worker, port: port1, control: new Int32Array(control), from, count });
    }
    this.#collect("start", this.#threads);
  }

  override reset(resetOptions: VectorResetOptions = {}): [obs: Batch, infos: VectorInfos] {
    this.requireOpen("reset");
    const seeds = this.seedsOf(resetOptions);
    const mask = this.maskOf(resetOptions);
    const asked = this.#threads.filter(({ from, count }) => !mask || mask.subarray(from, from + count).includes(1));
    for (const { port, control, from, count } of asked) {
      const { resetMask: _all, ...others } = resetOptions.options ?? {};
      const options = mask ? { ...others, resetMask: mask.slice(from, from + count) } : others;
      this.#call(port, control, { method: "reset", options: { seed: seeds.slice(from, from + count), options } });
    }
    const infos = this.#infosOf(asked, this.#collect("reset", asked));
    this.noteBeginnings(mask);
    const { obs } = this.#nextArrays();
    copyBatch(this.#shared.obs, obs);
    return [obs, infos];
  }

  override step(actions: VectorActions): VectorStepResult {
    this.requireOpen("step");
    const checked = this.actionsOf(actions);
    this.requireEpisodes();
    const shared = this.#shared;
    shared.actions?.set(checked as ArrayLike<number>);
    for (const { port, control, from, count } of this.#threads) {
      if (!shared.actions) port.postMessage((checked as readonly unknown[]).slice(from, from + count));
      put(control, commandAt, command.step);
    }
    const infos = this.#infosOf(this.#threads, this.#collect("step", this.#threads));
    const arrays = this.#nextArrays();
    const { obs, rewards, terminated, truncated, isReset } = arrays;
    copyBatch(shared.obs, obs);
    rewards.set(shared.rewards);
    terminated.set(shared.terminated);
    truncated.set(shared.truncated);
    if (this.autoresetMode === "nextStep") {
      isReset.set(shared.isReset);
      infos.isReset = isReset;
    }
    if (this.autoresetMode !== "sameStep") this.noteEnds(terminated, truncated);
    return [obs, rewards, terminated, truncated, infos];
  }

  #call(port: MessagePort, control: Int32Array, call: Call): void {
    port.postMessage(call);
    put(control, commandAt, command.call);
  }

  /** Waits for an answer of each thread; what came with it. */
  #collect(method: string, threads: readonly Thread[]): unknown[] {
    let failure: Error | null = null;
    let isFatal = false;
    const messages = threads.map(({ control, port, from, count }) => {
      const seconds = method === "start" ? Math.max(this.#timeout, 60) : this.#timeout;
      const given = take(control, answerAt, seconds * 1_000);
      if (given === answer.done) return undefined;
      const message = this.#receive(port);
      if (given === answer.message) return message;
      const rows = count === 1 ? `environment ${from}` : `environments ${from} to ${from + count - 1}`;
      const what = `${this.name}.${method}: the worker of ${rows} must`;
      if (given === answer.failed) {
        const { name, message: text } = message as { name: string; message: string };
        // a refused reset leaves everything as it was, and so does a picture that cannot be drawn
        const isRefusal = (name === "UsageError" && method !== "step") || method === "draw";
        if (!isRefusal || method === "start") isFatal = true;
        const advice = method === "start" ? "Pass the URL of what registers it as module" : "Look at it in mode sync";
        const sentence = `${what} go on; got ${name}: ${text.replace(/\.?$/, "")}. ${advice}; all workers were ended.`;
        failure ??= new UsageError(isRefusal && method !== "start" ? text : sentence);
      } else {
        isFatal = true;
        failure ??= new DeviceError(
          given === answer.exited
            ? `${what} answer; got the end of its thread. Let no environment end the process; all workers were ended.`
            : `${what} answer within ${seconds} s; got nothing. Raise workerTimeout, or look for an endless loop in mode sync; all workers were ended.`,
        );
      }
      return undefined;
    });
    if (failure) {
      if (isFatal) this.close();
      throw failure;
    }
    return messages;
  }

  #infosOf(threads: readonly Thread[], parts: readonly unknown[]): VectorInfos {
    const { numEnvs, singleObservationSpace: space } = this;
    const infos: VectorInfos = {};
    for (const [i, { from, count }] of threads.entries()) {
      if (parts[i] === undefined) continue;
      const { finalObs, ...others } = parts[i] as VectorInfos;
      addInfos(infos, others, from, count, numEnvs);
      if (finalObs === undefined) continue;
      infos.finalObs ??= createBatch(space, numEnvs);
      for (let row = 0; row < count; row++) {
        setRow(space, infos.finalObs as Batch, from + row, getRow(space, finalObs as Batch, row));
      }
    }
    return infos;
  }

  override draw(row: number): DrawList | null {
    this.requireOpen("draw");
    const thread = this.#threads.find(({ from, count }) => row < from + count)!;
    this.#call(thread.port, thread.control, { method: "draw", row });
    return this.#collect("draw", [thread])[0] as DrawList | null;
  }

  override saveState(): State {
    this.requireOpen("saveState");
    for (const { port, control } of this.#threads) this.#call(port, control, { method: "saveState" });
    return { parts: this.#collect("saveState", this.#threads) as State[], episodes: this.saveEpisodes() };
  }

  /** @throws UsageError for a state of another number of workers */
  override loadState(state: State): void {
    this.requireOpen("loadState");
    const { parts, episodes } = state as { parts: readonly State[]; episodes: State };
    if (parts?.length !== this.#threads.length) {
      throw new UsageError(
        `${this.name}.loadState: the state must be of ${this.#threads.length} workers; got one of ${parts?.length ?? "no workers"}. Pass workers to makeVec as then.`,
      );
    }
    for (const [i, { port, control }] of this.#threads.entries()) {
      this.#call(port, control, { method: "loadState", state: parts[i]! });
    }
    this.#collect("loadState", this.#threads);
    this.loadEpisodes(episodes);
  }

  override close(): void {
    if (!this.isClosed) {
      for (const { worker, control, port } of this.#threads) {
        put(control, commandAt, command.close);
        port.close();
        void worker.terminate();
      }
    }
    super.close();
  }
}
