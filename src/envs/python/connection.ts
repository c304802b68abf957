/**
 * A child Python process that runs server.py, asked and answered in turn while this thread waits.
 *
 * Each direction is a named pipe that is opened twice: once without blocking, to be polled for the first microseconds,
 * and once blocking, to sleep in the kernel after that. On an idle machine an exchange between sleeping ends takes some
 * 85 µs, through a worker thread with Atomics some 105, polled 10: a process that sleeps takes long to wake. On a busy
 * one, where both ends share a processor, sleeping takes 5 and polling holds the other up; so both are timed. The pipes
 * lose their names at once: either end sees the other's death as the end of its file, and nothing stays behind.
 *
 * Node's modules are looked up when a process is started: bundles for the browser may hold this file.
 */
import type { ChildProcess } from "node:child_process";
import { DeviceError, UsageError } from "../../errors.ts";

/** Kinds of request, as in server.py. */
export const requests = { step: 0, reset: 1, save: 2, load: 3, render: 4 } as const;
const answers = { ok: 0, error: 1, withFinal: 2 } as const;

/** What server.py says when it cannot. */
interface Failure {
  readonly kind: "missing" | "unknown" | "unsupported" | "raised";
  readonly type: string;
  readonly message: string;
}

export interface Answer {
  /** Bytes of the frame, its header of 8 included. */
  readonly size: number;
  /** Whether final observations are in it. */
  readonly withFinal: boolean;
}

/** Milliseconds an answer is polled for before this thread sleeps. */
const patience = 0.1;
/** Answers from which on polling is of no use, milliseconds. */
const slow = 0.5;
/** One answer in so many is waited for in the other way, to know which is faster now. */
const probeInterval = 32;
/** Milliseconds a process has to end when it is closed. */
const farewell = 1_000;

/** What pip calls the packages of modules that may be missing. */
const packagesOf: Readonly<Record<string, string>> = {
  numpy: "numpy",
  gymnasium: '"gymnasium>=0.29"',
  ale_py: '"gymnasium[atari]" ale-py',
};

interface NodeModules {
  readonly fs: typeof import("node:fs");
  readonly os: typeof import("node:os");
  readonly path: typeof import("node:path");
  readonly url: typeof import("node:url");
  readonly childProcess: typeof import("node:child_process");
}

let modules: NodeModules | null = null;

/** @throws DeviceError in a browser */
function nodeModules(name: string): NodeModules {
  if (modules) return modules;
  const get = globalThis.process?.getBuiltinModule;
  if (!get) {
    throw new DeviceError(
      `make: ${name} must run where processes can be started; got no Node.js. Use an environment of the toolkit's own here.`,
    );
  }
  modules = {
    fs: get("node:fs"),
    os: get("node:os"),
    path: get("node:path"),
    url: get("node:url"),
    childProcess: get("node:child_process"),
  };
  return modules;
}

/** The children that live; they go with this process. */
const children = new Set<ChildProcess>();
let killsAtExit = false;

const serverFile = "server.py";

/** One direction: file descriptors to read blocking, to read without blocking, and to write. */
interface Pipe {
  readonly reader: number;
  readonly poller: number;
  readonly writer: number;
}

function makePipes(name: string, { fs, os, path, childProcess }: NodeModules): [Pipe, Pipe] {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-"));
  const paths = ["requests", "answers"].map((pipe) => path.join(folder, pipe));
  try {
    childProcess.execFileSync("mkfifo", ["-m", "600", ...paths], { stdio: ["ignore", "ignore", "pipe"] });
    // a reader that does not wait for a writer comes first, so that nobody waits
    const open = (file: string): Pipe => {
      const poller = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
      return { poller, writer: fs.openSync(file, "w"), reader: fs.openSync(file, "r") };
    };
    return [open(paths[0]!), open(paths[1]!)];
  } catch (error) {
    throw new DeviceError(
      `make: ${name} must be reached through named pipes; got ${(error as Error).message.trim()}. ` +
        "Use Linux or macOS, or Windows' Subsystem for Linux.",
      { cause: error },
    );
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

export class PythonConnection {
  /** Names it in messages, as `python:CartPole-v1`. */
  readonly name: string;
  /** The answer's frame from its header on; valid until the next request. */
  frame: Buffer<ArrayBuffer> = Buffer.from(new ArrayBuffer(1 << 16));
  /** Where a step's frame is written: header and body. */
  request: Buffer<ArrayBuffer> = Buffer.from(new ArrayBuffer(8));
  readonly #node: NodeModules;
  readonly #python: string;
  /** Whether there is a processor for each end. */
  readonly #mayPoll: boolean;
  /** Recent milliseconds until an answer: asleep, polling. */
  readonly #times: [slept: number, polled: number] = [0, 0];
  #count = 0;
  #child: ChildProcess;
  #requests: number;
  #answers: number;
  #poller: number;
  /** Why no request can be made any more. */
  #ended: DeviceError | null = null;

  /**
   * @param python the interpreter
   * @throws DeviceError where it cannot be started
   */
  constructor(name: string, python: string) {
    this.name = name;
    this.#python = python;
    this.#node = nodeModules(name);
    const { fs, os, path, url, childProcess } = this.#node;
    this.#mayPoll = os.availableParallelism() > 1;
    const server = path.join(path.dirname(url.fileURLToPath(import.meta.url)), serverFile);
    const [toChild, fromChild] = makePipes(name, this.#node);
    this.#requests = toChild.writer;
    this.#answers = fromChild.reader;
    this.#poller = fromChild.poller;
    this.#child = childProcess.spawn(python, ["-u", server], {
      stdio: [toChild.reader, fromChild.writer, "inherit", toChild.poller],
    });
    for (const fd of [toChild.reader, toChild.poller, fromChild.writer]) fs.closeSync(fd);
    // an interpreter that is not there is an event, told of below
    this.#child.on("error", () => {});
    this.#child.unref();
    if (this.#child.pid === undefined) {
      this.#hangUp();
      throw new DeviceError(
        `make: ${name} needs Python; got none as ${python}. Install Python 3 with gymnasium, or name the interpreter ` +
          "with KUSARI_PYTHON or {python: …}.",
      );
    }
    children.add(this.#child);
    if (!killsAtExit) {
      killsAtExit = true;
      process.on("exit", () => {
        for (const child of children) child.kill("SIGKILL");
      });
    }
  }

  /** Whether it can be asked. */
  get isOpen(): boolean {
    return this.#ended === null;
  }

  /** The process. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** Sends the bytes of `request` as a step. @throws as `exchange` */
  step(): Answer {
    return this.#exchange("step", requests.step, this.request);
  }

  /**
   * Sends a request other than a step.
   * @throws DeviceError when the process is gone, UsageError when the environment raised
   */
  ask(where: string, kind: number, value: unknown): Answer {
    const body =
      value === undefined ? Buffer.alloc(0) : Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
    return this.#exchange(where, kind, Buffer.concat([Buffer.alloc(8), body]));
  }

  /** The JSON of an answer. */
  json({ size }: Answer): unknown {
    return JSON.parse(this.text(size));
  }

  text(size: number): string {
    return this.frame.toString("utf8", 8, size);
  }

  #exchange(where: string, kind: number, request: Buffer): Answer {
    if (this.#ended) throw this.#ended;
    request.writeUInt32LE(request.length - 8, 0);
    request[4] = kind;
    let size: number;
    try {
      this.#write(request);
      size = this.#readTimed();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
      size = 0;
    }
    if (size === 0) throw this.#died(where);
    const answer = this.frame[4];
    if (answer === answers.error) throw this.#failure(where, this.json({ size, withFinal: false }) as Failure);
    return { size, withFinal: answer === answers.withFinal };
  }

  #write(bytes: Buffer): void {
    let done = this.#node.fs.writeSync(this.#requests, bytes);
    while (done < bytes.length) done += this.#node.fs.writeSync(this.#requests, bytes, done);
  }

  /** Reads one frame, in the way that took less time lately. @returns its bytes, 0 when the process ended */
  #readTimed(): number {
    if (!this.#mayPoll) return this.#read(false);
    const [slept, polled] = this.#times;
    const faster = polled < slept;
    const polls = this.#count++ % probeInterval === 0 ? !faster : faster;
    const began = performance.now();
    const size = this.#read(polls);
    const time = Math.min(performance.now() - began, slow);
    this.#times[polls ? 1 : 0] += (time - this.#times[polls ? 1 : 0]) / 8;
    return size;
  }

  /** Reads one frame. @param polls whether to poll before sleeping */
  #read(polls: boolean): number {
    let got = 0;
    let size = 8;
    while (got < size) {
      const count = this.#readSome(got, polls);
      if (count === 0) return 0;
      if (got < 8 && got + count >= 8) {
        size = 8 + this.frame.readUInt32LE(0);
        if (size > this.frame.length) {
          const larger = Buffer.from(new ArrayBuffer(size));
          this.frame.copy(larger, 0, 0, got + count);
          this.frame = larger;
        }
      }
      got += count;
    }
    return size;
  }

  #readSome(offset: number, polls: boolean): number {
    const { fs } = this.#node;
    const { frame } = this;
    const end = polls ? performance.now() + patience : 0;
    // an EAGAIN costs less where no stack is written down for it
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      while (performance.now() < end) {
        try {
          return fs.readSync(this.#poller, frame, offset, frame.length - offset, null);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
        }
      }
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
    return fs.readSync(this.#answers, frame, offset, frame.length - offset, null);
  }

  #died(where: string): DeviceError {
    this.#hangUp();
    const what = where === "make" ? `make: ${this.name}` : `${this.name}.${where}`;
    this.#ended = new DeviceError(
      `${what}: its Python process must live; got the end of process ${this.pid}. Look at what it wrote above` +
        `${where === "make" ? "" : ", and make the environment anew"}.`,
    );
    return this.#ended;
  }

  #failure(where: string, { kind, type, message }: Failure): Error {
    const { name } = this;
    const got = `${message === "" ? type : `${type}: ${message}`}`.replace(/\.?$/, ".");
    if (kind === "raised") {
      const what = where === "make" ? `make: ${name}` : `${name}.${where}: the environment`;
      return new UsageError(`${what} must not raise; got ${got} Its traceback is on the error output.`);
    }
    if (kind === "unknown") {
      return new UsageError(
        `make: ${name} must be an id that Python's Gymnasium knows; got ${got} Check its spelling, or name the module ` +
          "that registers it, as in python:module:Name-v0.",
      );
    }
    if (kind === "unsupported") {
      return new UsageError(
        `make: ${name} must have spaces of Discrete, Box, MultiBinary, MultiDiscrete, Text, Tuple and Dict; ` +
          `got ${message}. Wrap it in Python.`,
      );
    }
    const missing = /No module named '([\w.]+)'/.exec(message)?.[1];
    const python = this.#python;
    const packages = missing === undefined ? undefined : packagesOf[missing];
    const advice = packages
      ? `Install it with ${python} -m pip install ${packages}, or name another interpreter with KUSARI_PYTHON or {python: …}.`
      : "Install it for this interpreter, or put its folder on PYTHONPATH.";
    return new DeviceError(`make: ${name} needs ${missing ?? "its modules"} in ${python}; got ${message}. ${advice}`);
  }

  #hangUp(requestsOpen = true): void {
    const { fs } = this.#node;
    if (requestsOpen) fs.closeSync(this.#requests);
    fs.closeSync(this.#answers);
    fs.closeSync(this.#poller);
    children.delete(this.#child);
    // a process that never started has no id, and Node would kill the whole group
    if (this.#child.pid !== undefined) this.#child.kill("SIGKILL");
  }

  /** Ends the process: it sees the end of its requests and has a second to close its environments. */
  close(): void {
    if (this.#ended) return;
    this.#ended = new DeviceError(
      `${this.name}: the environment must be open; got a call after close(). Make it anew.`,
    );
    const { fs } = this.#node;
    fs.closeSync(this.#requests);
    const clock = new Int32Array(new SharedArrayBuffer(4));
    const end = performance.now() + farewell;
    while (this.#isAnswering() && performance.now() < end) Atomics.wait(clock, 0, 0, 1);
    this.#hangUp(false);
  }

  /** Whether the other end of the answers is still open. */
  #isAnswering(): boolean {
    try {
      return this.#node.fs.readSync(this.#poller, this.frame) > 0;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "EAGAIN";
    }
  }
}
