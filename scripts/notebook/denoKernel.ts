/**
 * Deno's Jupyter kernel, driven over the sockets of the Jupyter messaging protocol 5.3, without Python.
 * Source: "Messaging in Jupyter", jupyter-client's documentation.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { Dealer, Subscriber } from "zeromq";

/** Pictures, texts and values of one output by their media types. */
export type MimeBundle = Record<string, unknown>;

/** What a cell shows, as nbformat 4.5 stores it. */
export type Output =
  | { output_type: "stream"; name: "stdout" | "stderr"; text: string }
  | { output_type: "display_data"; data: MimeBundle; metadata: object }
  | { output_type: "execute_result"; data: MimeBundle; metadata: object; execution_count: number }
  | { output_type: "error"; ename: string; evalue: string; traceback: string[] };

export interface Execution {
  readonly count: number;
  readonly outputs: readonly Output[];
}

interface Message {
  readonly type: string;
  /** The request that it answers. */
  readonly parent: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: content differs from type to type
  readonly content: any;
}

const delimiter = "<IDS|MSG>";
/** Milliseconds after which a silent kernel is looked at: it may have ended. */
const heartbeat = 500;
/** Milliseconds of silence after a cell: Deno answers before it has told all outputs. */
const lateness = 150;
const sockets = ["shell", "iopub", "stdin", "control", "hb"] as const;

/** Ports that nobody listens on now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<net.Server>((resolve, reject) => {
          const server = net.createServer();
          server.once("error", reject);
          server.listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** One cell's outputs while messages about them come in. */
class Outputs {
  readonly list: Output[] = [];
  readonly #displays: Map<string, MimeBundle[]>;

  /** @param displays bundles shown under a display_id so far, in any cell */
  constructor(displays: Map<string, MimeBundle[]>) {
    this.#displays = displays;
  }

  take({ type, content }: Message): void {
    if (type === "stream") this.#write(content.name, content.text);
    else if (type === "error") {
      const { ename, evalue, traceback } = content;
      this.list.push({ output_type: "error", ename, evalue, traceback });
    } else if (type === "execute_result") {
      const { data, metadata, execution_count } = content;
      this.list.push({ output_type: "execute_result", data, metadata, execution_count });
    } else if (type === "display_data") {
      const { data, metadata, transient } = content;
      this.list.push({ output_type: "display_data", data, metadata });
      const id = transient?.display_id;
      if (id !== undefined) this.#displays.set(id, [...(this.#displays.get(id) ?? []), data]);
    } else if (type === "update_display_data") {
      for (const shown of this.#displays.get(content.transient.display_id) ?? []) {
        for (const mime of Object.keys(shown)) delete shown[mime];
        Object.assign(shown, content.data);
      }
    } else if (type === "clear_output") this.list.length = 0;
  }

  /** Lines of one stream in a row are one output. */
  #write(name: "stdout" | "stderr", text: string): void {
    const last = this.list.at(-1);
    if (last?.output_type === "stream" && last.name === name) last.text += text;
    else this.list.push({ output_type: "stream", name, text });
  }
}

export class DenoKernel {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #shell = new Dealer();
  readonly #iopub = new Subscriber();
  readonly #key = randomUUID();
  readonly #session = randomUUID();
  readonly #displays = new Map<string, MimeBundle[]>();
  #said = "";

  private constructor(deno: string, cwd: string, ports: readonly number[]) {
    this.#folder = mkdtempSync(path.join(os.tmpdir(), "kusari-kernel-"));
    const file = path.join(this.#folder, "connection.json");
    const connection = Object.fromEntries(sockets.map((name, i) => [`${name}_port`, ports[i]]));
    const how = { transport: "tcp", ip: "127.0.0.1", key: this.#key, signature_scheme: "hmac-sha256" };
    writeFileSync(file, JSON.stringify({ ...how, ...connection }));
    this.#process = spawn(deno, ["jupyter", "--kernel", "--conn", file], {
      cwd,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#process.stdout!, this.#process.stderr!]) {
      stream.on("data", (text) => {
        this.#said += text;
      });
    }
    this.#shell.connect(`tcp://127.0.0.1:${ports[0]}`);
    this.#iopub.connect(`tcp://127.0.0.1:${ports[1]}`);
    this.#iopub.subscribe();
  }

  /**
   * Starts a kernel that runs cells in a folder, and waits until it answers.
   * @throws Error when it ends before that, or says nothing for a minute
   */
  static async start(deno: string, cwd: string): Promise<DenoKernel> {
    const kernel = new DenoKernel(deno, cwd, await freePorts(sockets.length));
    try {
      // a subscriber misses what was said before its subscription arrived: ask until something is heard
      const began = performance.now();
      while (true) {
        const request = await kernel.#send("kernel_info_request", {});
        if ((await kernel.#receive(kernel.#iopub, heartbeat)) !== null) {
          await kernel.#answer(request, 60);
          return kernel;
        }
        if (performance.now() - began > 60_000) throw kernel.#tooLong("its start", 60);
      }
    } catch (error) {
      await kernel.close();
      throw error;
    }
  }

  /**
   * Runs one cell to its end; an error in it is among its outputs.
   * @param patience seconds
   * @throws Error when the kernel ends, or the cell does not
   */
  async execute(code: string, patience = 120): Promise<Execution> {
    const request = await this.#send("execute_request", {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: false,
      stop_on_error: true,
    });
    const outputs = new Outputs(this.#displays);
    let reply: Message | null = null;
    let failure: unknown = null;
    this.#answer(request, patience).then(
      (message) => {
        reply = message;
      },
      (error: unknown) => {
        failure = error;
      },
    );
    while (true) {
      const message = await this.#receive(this.#iopub, lateness);
      if (failure !== null) throw failure;
      // outputs may follow the answer
      if (message === null && reply !== null) break;
      // a display that is updated in the background belongs to a request long answered
      const isOfCell = message?.parent === request || message?.type === "update_display_data";
      if (message !== null && isOfCell) outputs.take(message);
    }
    return { count: (reply as Message).content.execution_count, outputs: outputs.list };
  }

  async close(): Promise<void> {
    this.#shell.close();
    this.#iopub.close();
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = new Promise((resolve) => this.#process.once("exit", resolve));
      this.#process.kill("SIGKILL");
      await ended;
    }
    rmSync(this.#folder, { recursive: true });
  }

  /** @returns the message's id */
  async #send(type: string, content: object): Promise<string> {
    const id = randomUUID();
    const header = {
      msg_id: id,
      session: this.#session,
      username: "kusari",
      date: new Date().toISOString(),
      msg_type: type,
      version: "5.3",
    };
    const parts = [header, {}, {}, content].map((part) => JSON.stringify(part));
    const signature = createHmac("sha256", this.#key).update(parts.join("")).digest("hex");
    await this.#shell.send([delimiter, signature, ...parts]);
    return id;
  }

  /** The next message of a socket, null where none comes for some milliseconds. */
  async #receive(socket: Dealer | Subscriber, patience: number): Promise<Message | null> {
    socket.receiveTimeout = patience;
    try {
      const frames = (await socket.receive()).map(String);
      const start = frames.indexOf(delimiter);
      const [header, parent, , content] = frames.slice(start + 2).map((frame) => JSON.parse(frame));
      return { type: header.msg_type, parent: parent?.msg_id ?? null, content };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      const { exitCode, signalCode } = this.#process;
      if (exitCode === null && signalCode === null) return null;
      throw new Error(`The kernel ended (${exitCode ?? signalCode}).\n${this.#said}`);
    }
  }

  /** What the shell says to a request; answers to earlier ones are passed over. @param patience seconds */
  async #answer(request: string, patience: number): Promise<Message> {
    const began = performance.now();
    while (true) {
      const message = await this.#receive(this.#shell, heartbeat);
      if (message?.parent === request) return message;
      if (performance.now() - began > 1_000 * patience) throw this.#tooLong("an answer", patience);
    }
  }

  #tooLong = (what: string, patience: number): Error =>
    new Error(`The kernel took more than ${patience} seconds for ${what}.\n${this.#said}`);
}
