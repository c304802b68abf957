/** Starts another engine as a child process and asks it for work, one JSON line each way. */
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const beside = (file) => fileURLToPath(new URL(file, import.meta.url));

/** The first Python that imports torch: KUSARI_PYTHON alone where it is set, else python3 and /usr/bin/python3. */
function pythonWithTorch() {
  const candidates = process.env.KUSARI_PYTHON ? [process.env.KUSARI_PYTHON] : ["python3", "/usr/bin/python3"];
  const found = candidates.find((python) => spawnSync(python, ["-c", "import numpy, torch"]).status === 0);
  if (found) return { command: found };
  return { reason: `no torch and numpy in ${candidates.join(", ")}; set KUSARI_PYTHON to a Python that has them` };
}

const engines = {
  torch: () => ({ ...pythonWithTorch(), script: beside("torchPeer.py") }),
  tfjs: () => ({ command: process.execPath, script: beside("tfjsPeer.mjs") }),
};

/** An engine in a process of its own; `start` makes one. */
class Peer {
  #process;
  #lines;

  constructor(name, child) {
    this.name = name;
    this.#process = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Reads the peer's first line, which says what it is. */
  async greet() {
    const { engine, details, unavailable } = await this.#read();
    this.engine = engine;
    this.details = details;
    this.available = unavailable === undefined;
    this.reason = unavailable;
    return this;
  }

  async #read() {
    const { value, done } = await this.#lines.next();
    if (!done) return JSON.parse(value);
    // the streams may end before the exit is known
    const child = this.#process;
    if (child.exitCode === null && child.signalCode === null) await new Promise((exited) => child.once("exit", exited));
    throw new Error(`${this.name}: the process must answer; it ended with ${child.exitCode ?? child.signalCode}.`);
  }

  /** @returns {Promise<{seconds: number, repeat: number}>} one request at a time */
  async work(name, options) {
    this.#process.stdin.write(`${JSON.stringify({ work: name, ...options })}\n`);
    const reply = await this.#read();
    if (reply.error) throw new Error(`${this.name}: ${name} failed: ${reply.error}`);
    return reply;
  }

  /** Lets the process end by itself. */
  close() {
    this.#process.stdin.end();
  }
}

/**
 * Starts "torch" (on so many threads) or "tfjs". The answer's `available` says whether it can work, `reason` why not; one that cannot has
 * nothing to close.
 */
export async function start(name, threads = 1) {
  const { command, script, reason } = engines[name]();
  if (reason) return { name, available: false, reason };
  const peer = new Peer(name, spawn(command, [script, String(threads)], { stdio: ["pipe", "pipe", "inherit"] }));
  return peer.greet().catch((error) => ({ name, available: false, reason: error.message }));
}
