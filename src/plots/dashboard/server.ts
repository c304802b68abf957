/**
 * The dashboard: one page on 127.0.0.1 and what it asks for.
 *
 * Whoever opens it must know the token in its address; requests of other sites (Origin), under other names (Host: a
 * name may be made to point here) and for runs outside the folder are refused.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { DeviceError, UsageError } from "../../errors.ts";
import { type Theme, themes } from "../palette.ts";
import { RunReader } from "../runReader.ts";
import { type DashboardHooks, type LiveRun, type RunCommand, runCommands, type ShownEpisode } from "./hooks.ts";
import { LivePicture } from "./livePicture.ts";
import { listRuns } from "./runList.ts";
import { RunView, readEpisode, type Sent } from "./runView.ts";

/** Milliseconds between messages to a page. */
const messageInterval = 250;
/** Milliseconds between looks at the live picture of a run. */
const lookInterval = 100;
/** Every so many looks it is said again that somebody looks. */
const renewEvery = 5;
/** Every so many messages the list of runs is looked at again. */
const listEvery = 8;
/** Frames of an episode in one answer. */
const framesAtOnce = 250;
/** Episodes whose pictures are kept. */
const keptEpisodes = 3;

export interface DashboardOptions {
  /** The folder of runs, or one run's directory. */
  readonly root: string;
  readonly hooks: DashboardHooks;
  /** 0 for any that is free. */
  readonly port?: number;
  readonly live?: LiveRun | null;
}

export interface Dashboard {
  /** With the token. */
  readonly url: string;
  close(): Promise<void>;
}

/** An answer other than 200. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const pageFile = (name: string): URL => new URL(`./page/${name}`, import.meta.url);

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

/** The palette as custom properties that follow `color-scheme`. */
function paletteCss(): string {
  const { light, dark } = themes;
  const named = (theme: Theme) => ({
    ...Object.fromEntries(Object.entries(theme).filter(([, value]) => typeof value === "string")),
    ...Object.fromEntries(theme.series.map((colour, i) => [`series-${i}`, colour])),
  });
  const [a, b] = [named(light), named(dark)];
  const lines = Object.keys(a).map((name) => `  --${name}: light-dark(${a[name]}, ${b[name]});\n`);
  return `:root {\n${lines.join("")}}\n`;
}

class DashboardServer implements Dashboard {
  readonly #root: string;
  readonly #hooks: DashboardHooks;
  readonly #live: LiveRun | null;
  readonly #token = randomBytes(18).toString("base64url");
  readonly #server: http.Server;
  readonly #views = new Map<string, RunView>();
  readonly #episodes = new Map<string, Promise<ShownEpisode>>();
  #port = 0;

  constructor({ root, hooks, live = null }: DashboardOptions) {
    this.#root = fs.realpathSync(root);
    this.#hooks = hooks;
    this.#live = live;
    this.#server = http.createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => this.#refuse(response, error));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/${this.#token}/`;
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error: NodeJS.ErrnoException) => {
        const said =
          error.code === "EADDRINUSE"
            ? new UsageError(`dashboard: port must be a free one; got ${port}, which is in use. Leave --port out.`)
            : new DeviceError(`dashboard: 127.0.0.1:${port} must be free to listen on; got ${error.message}.`, {
                cause: error,
              });
        reject(said);
      });
      this.#server.listen(port, "127.0.0.1", () => {
        this.#port = (this.#server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      // streams of events would never end by themselves
      this.#server.closeAllConnections();
    });
  }

  #refuse(response: http.ServerResponse, error: unknown): void {
    const status = error instanceof Refusal ? error.status : error instanceof UsageError ? 400 : 500;
    const message = error instanceof Error ? error.message : String(error);
    if (response.headersSent) {
      response.end();
      return;
    }
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...safeHeaders });
    response.end(JSON.stringify({ error: message }));
  }

  /** @throws Refusal for whoever is not the page */
  #check(request: http.IncomingMessage, given: string): void {
    const { host = "", origin } = request.headers;
    const mine = [`127.0.0.1:${this.#port}`, `localhost:${this.#port}`];
    if (!mine.includes(host)) throw new Refusal(403, "This is not the address of the dashboard.");
    if (origin !== undefined && !mine.some((name) => origin === `http://${name}`)) {
      throw new Refusal(403, "Requests of other sites are refused.");
    }
    const [mineBytes, givenBytes] = [Buffer.from(this.#token), Buffer.from(given)];
    if (givenBytes.length !== mineBytes.length || !timingSafeEqual(givenBytes, mineBytes)) {
      throw new Refusal(403, "The address must be the one that rl printed, with its token.");
    }
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const [, given = "", rest = "/"] = /^\/([^/]*)(\/.*)?$/.exec(url.pathname) ?? [];
    this.#check(request, given);
    const { searchParams: query } = url;
    const pathname = decodeURIComponent(rest);
    if (pathname === "/api/command") {
      if (request.method !== "POST") throw new Refusal(405, "Commands are sent with POST.");
      // a page of another site could send a form, which has no Origin in old browsers
      if (request.headers["content-type"] !== "application/json") throw new Refusal(415, "Commands are JSON.");
      return this.#json(response, this.#command(query));
    }
    if (request.method !== "GET") throw new Refusal(405, "This can only be read.");
    switch (pathname) {
      case "/":
        return this.#send(response, types.html!, fs.readFileSync(pageFile("index.html")));
      case "/dashboard.js":
      case "/viewer.js":
      case "/live.js":
      case "/scene.js":
      case "/charts.js":
        return this.#send(response, types.js!, fs.readFileSync(pageFile(pathname.slice(1))));
      case "/dashboard.css":
        return this.#send(response, types.css!, paletteCss() + fs.readFileSync(pageFile("dashboard.css"), "utf8"));
      case "/plotly.js": {
        const file = createRequire(import.meta.url).resolve("plotly.js-basic-dist-min");
        return this.#send(response, types.js!, fs.readFileSync(file), "max-age=86400");
      }
      case "/api/events":
        return this.#stream(request, response, query);
      case "/api/live":
        return this.#streamLive(request, response, query);
      case "/api/runs":
        return this.#json(response, listRuns(this.#root));
      case "/api/run":
        return this.#json(response, this.#wholeRun(query));
      case "/api/episode":
        return this.#json(response, await this.#episodeAnswer(query));
      case "/api/frames": {
        const { frames } = await this.#episode(query);
        const from = wholeNumber(query, "from") ?? 0;
        return this.#json(response, { from, frames: frames.slice(from, from + framesAtOnce) });
      }
      case "/api/gif": {
        const fps = Math.min(50, wholeNumber(query, "fps") ?? 25);
        const gif = await this.#hooks.gif(await this.#episode(query), fps);
        response.setHeader("content-disposition", `attachment; filename="${this.#gifName(query)}"`);
        return this.#send(response, "image/gif", Buffer.from(gif));
      }
      default:
        throw new Refusal(404, `There is no ${pathname}.`);
    }
  }

  #send(response: http.ServerResponse, type: string, body: string | Buffer, caching = "no-store"): void {
    response.writeHead(200, { "content-type": type, ...safeHeaders, "cache-control": caching });
    response.end(body);
  }

  #json(response: http.ServerResponse, value: unknown): void {
    this.#send(response, "application/json; charset=utf-8", JSON.stringify(value));
  }

  /** The directory of a run by its name. @throws Refusal for one outside the folder, or that is gone */
  #directory(query: URLSearchParams): { name: string; directory: string } {
    const name = query.get("run") ?? "";
    const wanted = path.resolve(this.#root, name);
    let directory: string;
    try {
      // links out of the folder lead nowhere either
      directory = fs.realpathSync(wanted);
    } catch {
      throw new Refusal(404, `The run ${name} is not there any more.`);
    }
    const inside = path.relative(this.#root, directory);
    if (inside.startsWith("..") || path.isAbsolute(inside)) throw new Refusal(403, "The run must be in the folder.");
    return { name, directory };
  }

  #view(query: URLSearchParams): RunView {
    const { name, directory } = this.#directory(query);
    const known = this.#views.get(directory);
    if (known) return known;
    const reader = RunReader.open(directory);
    if (typeof reader === "string") throw new Refusal(404, reader.replace(`${this.#root}${path.sep}`, ""));
    const isLive = this.#live !== null && fs.realpathSync(this.#live.directory) === directory;
    const view = new RunView(name, reader, this.#hooks, isLive ? this.#live : null);
    view.refresh();
    this.#views.set(directory, view);
    return view;
  }

  #wholeRun(query: URLSearchParams) {
    const view = this.#view(query);
    view.refresh();
    return { head: view.head(), state: view.state(), ...view.whole() };
  }

  /** Sends a run whole and then what is new, until the page goes away. */
  #stream(request: http.IncomingMessage, response: http.ServerResponse, query: URLSearchParams): void {
    let sent: Sent = { curves: new Map(), evaluations: 0 };
    let view: RunView | null = null;
    let lastState = "";
    let lastList = "";
    let lost = "";
    let ticks = 0;
    const say = (event: string, data: unknown) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    const tellList = () => {
      const list = JSON.stringify(listRuns(this.#root));
      if (list !== lastList) response.write(`event: runs\ndata: ${list}\n\n`);
      lastList = list;
    };
    const tell = () => {
      try {
        if (ticks++ % listEvery === 0) tellList();
        if (query.get("run") === null) return;
        const { directory } = this.#directory(query);
        let isWhole = view === null;
        view ??= this.#view(query);
        // shared with other pages: one of them may have seen that the run was begun anew
        isWhole = view.refresh() || isWhole || view.lengths().evaluations < sent.evaluations;
        if (!fs.existsSync(path.join(directory, "config.json")))
          throw new Refusal(404, `${view.name} is not there any more.`);
        if (isWhole) say("run", { head: view.head(), state: view.state(), ...view.whole() });
        else {
          const news = view.since(sent);
          if (news) say("curves", news);
        }
        sent = view.lengths();
        const state = JSON.stringify(view.state());
        if (state !== lastState && !isWhole) response.write(`event: state\ndata: ${state}\n\n`);
        lastState = state;
        lost = "";
      } catch (error) {
        // told once; what the page has stays to be seen
        const message = error instanceof Error ? error.message : String(error);
        if (view) this.#views.delete(view.reader.directory);
        view = null;
        if (message !== lost) say("lost", { error: message });
        lost = message;
      }
    };
    response.writeHead(200, { "content-type": "text/event-stream", ...safeHeaders });
    response.write("retry: 2000\n\n");
    tell();
    const timer = setInterval(tell, messageInterval);
    request.on("close", () => clearInterval(timer));
  }

  /** Sends what the training environment shows, as long as the page listens and the run goes on; only then the run shows it. */
  #streamLive(request: http.IncomingMessage, response: http.ServerResponse, query: URLSearchParams): void {
    const { directory } = this.#directory(query);
    const { reader } = this.#view(query);
    const picture = new LivePicture(directory);
    let none: string | null = null;
    let ticks = 0;
    const renew = () => {
      const isGoing = reader.status === "running" && fs.existsSync(path.join(directory, "config.json"));
      const why = isGoing ? picture.renew() : "There is no live picture: the run is not under way.";
      if (why !== none && why !== null) response.write(`event: none\ndata: ${JSON.stringify(why)}\n\n`);
      none = why;
    };
    const tell = () => {
      if (ticks++ % renewEvery === 0) renew();
      const shown = none === null ? picture.read() : null;
      if (shown !== null) response.write(`event: picture\ndata: ${shown}\n\n`);
    };
    response.writeHead(200, { "content-type": "text/event-stream", ...safeHeaders });
    response.write("retry: 2000\n\n");
    tell();
    const timer = setInterval(tell, lookInterval);
    request.on("close", () => clearInterval(timer));
  }

  #command(query: URLSearchParams): unknown {
    const { directory } = this.#directory(query);
    const name = query.get("name") ?? "";
    if (!runCommands.includes(name as RunCommand)) {
      throw new Refusal(400, `A command is one of ${runCommands.join(", ")}; got ${name}.`);
    }
    if (!this.#live || fs.realpathSync(this.#live.directory) !== directory) {
      throw new Refusal(409, "This run is not trained by the process of this dashboard: it can only be watched.");
    }
    this.#live.command(name as RunCommand);
    return { done: name };
  }

  /** The episode that `step` (recorded) or `seed` (played anew) names, with its pictures. */
  #episode(query: URLSearchParams): Promise<ShownEpisode> {
    const { directory, name } = this.#directory(query);
    const [step, seed] = [wholeNumber(query, "step"), wholeNumber(query, "seed")];
    if (step === null && seed === null) throw new Refusal(400, "An episode has a step or a seed.");
    const key = `${directory}\n${step === null ? `seed ${seed}` : `step ${step}`}`;
    let episode = this.#episodes.get(key);
    if (!episode) {
      episode = step === null ? this.#hooks.play(directory, seed!) : this.#replayed(directory, name, step);
      this.#episodes.set(key, episode);
      episode.catch(() => this.#episodes.delete(key));
      for (const old of this.#episodes.keys()) {
        if (this.#episodes.size <= keptEpisodes) break;
        this.#episodes.delete(old);
      }
    }
    return episode;
  }

  async #replayed(directory: string, name: string, step: number): Promise<ShownEpisode> {
    let recorded: unknown;
    try {
      recorded = readEpisode(directory, step);
    } catch (error) {
      const isDamaged = error instanceof SyntaxError;
      throw new Refusal(
        isDamaged ? 422 : 404,
        `The episode of step ${step} of ${name} ${isDamaged ? "is damaged" : "is not there any more"}.`,
      );
    }
    return this.#hooks.replay(directory, recorded);
  }

  async #episodeAnswer(query: URLSearchParams) {
    const { frames, ...others } = await this.#episode(query);
    return { ...others, frames: frames.length };
  }

  #gifName(query: URLSearchParams): string {
    const run = path.basename(this.#directory(query).directory).replaceAll(/[^\w.-]/g, "_");
    const which = query.get("step") === null ? `seed-${query.get("seed")}` : `step-${query.get("step")}`;
    return `${run}-${which}.gif`;
  }
}

const safeHeaders = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "x-frame-options": "DENY",
  // plotly writes styles into the page
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; form-action 'none'; base-uri 'none'",
} as const;

function wholeNumber(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  if (text === null) return null;
  if (!/^\d{1,15}$/.test(text)) throw new Refusal(400, `${name} must be a whole number; got ${text}.`);
  return Number(text);
}

/**
 * Serves the dashboard until it is closed.
 * @throws UsageError where the folder is not there, or the port is in use
 */
export async function serveDashboard(options: DashboardOptions): Promise<Dashboard> {
  if (!fs.statSync(options.root, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(
      `dashboard: the folder of runs must be there; got ${options.root}. Train with rl train first, or name another.`,
    );
  }
  const server = new DashboardServer(options);
  await server.listen(options.port ?? 0);
  return server;
}
