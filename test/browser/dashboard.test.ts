/** The dashboard in headless Chromium: a run is followed, held, looked at and stopped; and what a page may not do. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { because, launchChromium, missingChromium } from "./chromium.ts";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
let folder: string;
const running: ChildProcess[] = [];

interface Served {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it wrote so far, both streams together. */
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

/** Runs `rl` in the temporary folder until it has printed an address. */
function serve(...args: readonly string[]): Promise<Served> {
  const child = spawn(process.execPath, [main, ...args], { cwd: folder });
  running.push(child);
  let output = "";
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  return new Promise((resolve, reject) => {
    const hear = (text: Buffer) => {
      output += String(text);
      const url = /http:\/\/127\.0\.0\.1:\d+\/[\w-]+\/(\?watch=\d+)?/.exec(output)?.[0];
      if (url) resolve({ url, child, output: () => output, ended });
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => reject(new Error(`rl ended with ${code}: ${output}`)));
  });
}

const rl = (...args: readonly string[]) => execFileSync(process.execPath, [main, ...args], { cwd: folder });
const words = (line: string) => line.split(" ");
const runPath = (...names: readonly string[]) => path.join(folder, "runs", ...names);

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-dashboard-"));
  rl(
    ...words(
      "train --agent dqn --env CartPole --steps 3000 --eval-interval 500 --eval-episodes 3 --final-episodes 3 --stop-at none --quiet --out runs/done",
    ),
  );
}, 60_000);
afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
  fs.rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(missingChromium)(`the dashboard's page${because}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  /** Opens the page; `check` fails on whatever it complains of. */
  async function open(url: string, colorScheme: "light" | "dark" = "light") {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme });
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(url);
    await page.waitForSelector("body[data-ready]");
    return { page, check: () => expect(complaints).toEqual([]) };
  }
  const text = (page: Page, id: string) => page.locator(`#${id}`).textContent();
  const stepOf = async (page: Page) => Number((await text(page, "tile-step"))!.replaceAll(",", ""));
  const status = (page: Page, word: string) => page.locator("#status").filter({ hasText: new RegExp(`^${word}$`) });
  /** What plotly has drawn of the evaluations, as text that differs where the picture does. */
  const curve = (page: Page) => page.locator("#chart-return .scatterlayer").innerHTML();
  /** The environment as it trains. */
  const livePicture = (page: Page) =>
    page.locator("#live-picture").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  const liveStep = async (page: Page) =>
    Number((/at step ([\d,]+)/.exec((await text(page, "live-summary"))!)?.[1] ?? "0").replaceAll(",", ""));
  /** How light the page is, 0 to 255, and how many colours a picture of it has. */
  async function look(page: Page) {
    const png = (await page.screenshot()).toString("base64");
    return page.evaluate(async (data) => {
      const image = new Image();
      image.src = `data:image/png;base64,${data}`;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = canvas.getContext("2d")!;
      context.drawImage(image, 0, 0);
      const pixels = context.getImageData(0, 0, image.width, image.height).data;
      let light = 0;
      for (let i = 0; i < pixels.length; i += 4) light += pixels[i]! + pixels[i + 1]! + pixels[i + 2]!;
      const colours = new Set(new Uint32Array(pixels.buffer)).size;
      return { light: light / (0.75 * pixels.length), colours };
    }, png);
  }

  it("follows a run, holds it, has it write a checkpoint, and stops it", async () => {
    const { url, ended, output } = await serve(
      ...words(
        "train --agent dqn --env CartPole --steps 100000000 --stop-at none --eval-episodes 2 --quiet --dashboard",
      ),
    );
    const { page, check } = await open(url);
    await status(page, "running").waitFor();
    // the curve moves
    await page.locator("#chart-return .scatterlayer .trace").first().waitFor({ state: "attached" });
    const first = await curve(page);
    const from = await stepOf(page);
    await expect.poll(() => stepOf(page)).toBeGreaterThan(from);
    await expect.poll(() => curve(page), { timeout: 20_000 }).not.toBe(first);
    expect(await text(page, "summary-return")).toMatch(/^\d+ evaluations?: last /);
    // and so does the environment, beside what the agent makes of it
    const summary = /^The training environment at step [\d,]+: step [\d,]+ of its episode, return so far \d+\. /;
    await page.locator("#live-summary").filter({ hasText: summary }).waitFor();
    const picture = await livePicture(page);
    await expect.poll(() => livePicture(page)).not.toBe(picture);
    expect(await page.locator("#live-choice").getAttribute("aria-label")).toMatch(/^Q-values: left [−\d.]+, right /);
    expect(await page.locator("#live-choice .bar.chosen").count()).toBe(1);
    expect(await page.locator("#live-values").getAttribute("aria-label")).toMatch(
      /^Value of the state in the pictures/,
    );
    // held: nothing is written any more
    await page.getByRole("button", { name: "Pause" }).click();
    await status(page, "paused").waitFor();
    const metrics = runPath("dqn-CartPole-v1-0-1", "metrics.ndjson");
    const size = fs.statSync(metrics).size;
    await page.waitForTimeout(600);
    expect(fs.statSync(metrics).size).toBe(size);
    const held = await livePicture(page);
    await page.waitForTimeout(600);
    expect(await livePicture(page)).toBe(held);
    // a checkpoint of the very step it is held at
    await page.getByRole("button", { name: "Checkpoint" }).click();
    await page
      .locator("#note")
      .filter({ hasText: /^Checkpoint written at step [\d,]+\.$/ })
      .waitFor();
    // and on again, by the keyboard
    await page.keyboard.press("p");
    await status(page, "running").waitFor();
    await expect.poll(() => fs.statSync(metrics).size).toBeGreaterThan(size);
    await expect.poll(() => livePicture(page)).not.toBe(held);
    await page.keyboard.press("s");
    await page.locator("#confirm").getByRole("button", { name: "Stop and save" }).click();
    await status(page, "stopped").waitFor();
    expect(await page.locator("#controls").isHidden()).toBe(true);
    // what is left to be seen is recorded
    await page.locator("#recorded").waitFor();
    expect(await page.locator("#sources").isHidden()).toBe(true);
    check();
    await page.close();
    await expect.poll(output).toContain("the dashboard stays open; Ctrl-C closes it");
    running.at(-1)!.kill("SIGINT");
    expect(await ended).toBe(0);
    // what was held is what a run that was not held has
    const progressOf = (name: string) =>
      fs
        .readFileSync(runPath(name, "metrics.ndjson"), "utf8")
        .split("\n")
        .filter((line) => line.includes('"event":"progress"'));
    const [stopped, straight] = [progressOf("dqn-CartPole-v1-0-1"), progressOf("done")];
    const both = Math.min(stopped.length, straight.length);
    expect(both).toBeGreaterThan(1);
    expect(stopped.slice(0, both)).toEqual(straight.slice(0, both));
  });

  it("shows the environment that another process trains in, only as long as the page looks at it", async () => {
    const words = "train --agent ppo --env CartPole --envs 1 --steps 100000000 --stop-at none --quiet --out runs/other";
    const trains = spawn(process.execPath, [main, ...words.split(" ")], { cwd: folder });
    running.push(trains);
    const shown = runPath("other", "live", "picture.json");
    await expect.poll(() => fs.existsSync(runPath("other", "metrics.ndjson")), { timeout: 20_000 }).toBe(true);
    const { url } = await serve("dashboard", "runs");
    const { page, check } = await open(`${url}?run=other`, "dark");
    const live = page.getByRole("button", { name: "Live" });
    const recorded = page.getByRole("button", { name: "Recorded" });
    await page
      .locator("#live-choice")
      .filter({ hasText: /^Probabilities/ })
      .waitFor();
    expect(await live.getAttribute("aria-pressed")).toBe("true");
    await expect.poll(() => liveStep(page)).toBeGreaterThan(0);
    expect(fs.existsSync(shown)).toBe(true);
    // held by the keyboard: nobody looks then
    await page.keyboard.press("Space");
    await expect.poll(() => fs.existsSync(shown), { timeout: 10_000 }).toBe(false);
    const step = await liveStep(page);
    await page.keyboard.press("Space");
    await expect.poll(() => liveStep(page)).toBeGreaterThan(step);
    // recorded episodes, and back
    await page.keyboard.press("l");
    await page.locator("#recorded").waitFor();
    expect(await recorded.getAttribute("aria-pressed")).toBe("true");
    await expect.poll(() => fs.existsSync(shown), { timeout: 10_000 }).toBe(false);
    await live.click();
    await expect.poll(() => fs.existsSync(shown)).toBe(true);
    check();
    await page.close();
    await expect.poll(() => fs.existsSync(shown), { timeout: 10_000 }).toBe(false);
    trains.kill("SIGINT");
    await new Promise((resolve) => trains.once("exit", resolve));
    expect(fs.existsSync(runPath("other", "live"))).toBe(false);
    fs.rmSync(runPath("other"), { recursive: true });
  });

  it("plays the recorded episode of an evaluation again, and gives it away as a GIF", async () => {
    const { url } = await serve("dashboard", "runs/done");
    const { page, check } = await open(url);
    await status(page, "finished").waitFor();
    const recorded = JSON.parse(fs.readFileSync(runPath("done", "episodes", "step-3000.json"), "utf8")) as {
      actions: number[];
      return: number;
      explanation: { numbers: number[][] };
    };
    const n = recorded.actions.length;
    await page
      .locator("#summary-viewer")
      .filter({ hasText: /step 3,000/ })
      .waitFor();
    expect(await text(page, "summary-viewer")).toContain(
      `return ${recorded.return} in ${n} steps; it ended by itself.`,
    );
    const picture = () => page.locator("#picture").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const scrub = page.locator("#scrub");
    const go = (step: number) =>
      scrub.evaluate((element, value) => {
        (element as HTMLInputElement).value = String(value);
        element.dispatchEvent(new Event("input"));
      }, step);
    const pictures: string[] = [];
    for (const step of [0, Math.floor(n / 2), n]) {
      await go(step);
      expect(await text(page, "frame")).toBe(`${step} / ${n}`);
      pictures.push(await picture());
    }
    expect(new Set(pictures).size).toBe(3);
    // back and forth it is the same episode
    await go(0);
    expect(await picture()).toBe(pictures[0]);
    await page.keyboard.press("ArrowRight");
    expect(await text(page, "frame")).toBe(`1 / ${n}`);
    // the bars are the recorded numbers, and the action taken stands out
    await go(0);
    const bars = page.locator("#choice .bar");
    expect((await bars.locator("output").allTextContents()).map(Number)).toEqual(
      recorded.explanation.numbers[0]!.map((x) => expect.closeTo(x, 1)),
    );
    expect(await bars.evaluateAll((all) => all.findIndex((bar) => bar.classList.contains("chosen")))).toBe(
      recorded.actions[0],
    );
    await page.keyboard.press("Space");
    await expect.poll(() => text(page, "frame")).not.toBe(`0 / ${n}`);
    const downloading = page.waitForEvent("download");
    await page.getByRole("button", { name: "GIF" }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe("done-step-3000.gif");
    expect(
      fs
        .readFileSync((await download.path())!)
        .subarray(0, 6)
        .toString(),
    ).toBe("GIF89a");
    check();
    await page.close();
  });

  it("has charts, alerts and the configuration in words, in light and in dark", async () => {
    const { url } = await serve("dashboard", "runs");
    const seen: { light: number; colours: number }[] = [];
    for (const scheme of ["light", "dark"] as const) {
      const { page, check } = await open(`${url}?run=done`, scheme);
      await page.locator("#chart-averageLoss .scatterlayer .trace").first().waitFor({ state: "attached" });
      await page.locator("#chart-return .scatterlayer .trace").first().waitFor({ state: "attached" });
      for (const name of ["averageLoss", "averageQ", "epsilon", "stepsPerSecond"]) {
        expect(await page.locator(`#chart-${name}`).getAttribute("aria-label")).toMatch(/ Now .* lowest .* highest /);
      }
      expect(await text(page, "config")).toContain("steps3000");
      // another run over it
      await page.getByText("Compare with…").click();
      await page.locator("#overlay-list").getByLabel("dqn-CartPole-v1-0-1").check();
      await page.locator("#summary-return").filter({ hasText: "dqn-CartPole-v1-0-1: best" }).waitFor();
      seen.push(await look(page));
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      await page.setViewportSize({ width: 400, height: 800 });
      await page.waitForTimeout(300);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      check();
      await page.close();
    }
    expect(seen[0]!.light).toBeGreaterThan(220);
    expect(seen[1]!.light).toBeLessThan(70);
    for (const { colours } of seen) expect(colours).toBeGreaterThan(200);
  });

  it("goes on showing a run that is deleted, and a run with a damaged line", async () => {
    for (const name of ["damaged", "gone"]) fs.cpSync(runPath("done"), runPath(name), { recursive: true });
    const metrics = runPath("damaged", "metrics.ndjson");
    const lines = fs.readFileSync(metrics, "utf8").split("\n");
    fs.writeFileSync(metrics, lines.toSpliced(2, 1, '{"event":"progress","st').join("\n"));
    const config = runPath("damaged", "config.json");
    fs.writeFileSync(config, fs.readFileSync(config, "utf8").replace(/"kusari": "[^"]*"/, '"kusari": "0.0.1"'));
    fs.mkdirSync(runPath("empty"));
    const { url } = await serve("dashboard");
    const damaged = await open(`${url}?run=damaged`);
    const warnings = await damaged.page.locator("#warnings li").allTextContents();
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/metrics\.ndjson: line 3 cannot be read; the rest is shown\.$/);
    expect(warnings[1]).toMatch(/^This run was written by kusari 0\.0\.1; this is /);
    expect(await text(damaged.page, "tile-step")).toBe("3,000");
    damaged.check();
    await damaged.page.close();
    const gone = await open(`${url}?run=gone`);
    fs.rmSync(runPath("gone"), { recursive: true });
    await gone.page
      .locator("#lost")
      .filter({ hasText: /^The run gone is not there any more\. What was read/ })
      .waitFor();
    expect(await text(gone.page, "tile-step")).toBe("3,000");
    await gone.page.close();
    const empty = await browser.newPage();
    await empty.goto(`${url}?run=empty`);
    await empty
      .locator("#lost")
      .filter({ hasText: /^empty has no config\.json: it holds no run\./ })
      .waitFor();
    await empty.close();
  });

  it("watches a trained agent", async () => {
    const { url } = await serve("watch", "runs/done", "--browser", "--seed", "5");
    expect(url).toMatch(/\?watch=5$/);
    const { page, check } = await open(url);
    await page.locator("#summary-viewer").filter({ hasText: "seed 5: return" }).waitFor();
    await expect.poll(() => text(page, "frame")).not.toMatch(/^0 /);
    check();
    await page.close();
  });
});

describe("the dashboard's server", () => {
  let url: string;
  beforeAll(async () => {
    ({ url } = await serve("dashboard"));
  });

  function request(address: string, headers: Record<string, string> = {}, method = "GET"): Promise<[number, string]> {
    return new Promise((resolve, reject) => {
      const asked = http.request(address, { headers, method }, (response) => {
        let body = "";
        response.on("data", (piece: Buffer) => (body += String(piece)));
        response.on("end", () => resolve([response.statusCode!, body]));
      });
      asked.on("error", reject);
      asked.end();
    });
  }

  it("answers who knows the token, comes from the page itself, and asks under its own name", async () => {
    const { origin, host } = new URL(url);
    expect((await request(url))[0]).toBe(200);
    expect((await request(`${origin}/`))[0]).toBe(403);
    expect((await request(`${origin}/${"x".repeat(24)}/api/runs`))[0]).toBe(403);
    expect((await request(`${url}api/runs`, { origin }))[0]).toBe(200);
    expect((await request(`${url}api/runs`, { origin: "https://example.org" }))[0]).toBe(403);
    expect((await request(`${url}api/runs`, { host: host.replace("127.0.0.1", "example.org") }))[0]).toBe(403);
    expect((await request(`${url}api/command?run=done&name=stop`))[0]).toBe(405);
    expect((await request(`${url}api/command?run=done&name=stop`, {}, "POST"))[0]).toBe(415);
    const json = { "content-type": "application/json" };
    expect(await request(`${url}api/command?run=done&name=stop`, json, "POST")).toEqual([
      409,
      '{"error":"This run is not trained by the process of this dashboard: it can only be watched."}',
    ]);
  });

  it("gives nothing from outside the folder", async () => {
    fs.mkdirSync(path.join(folder, "secret"));
    fs.cpSync(runPath("done"), path.join(folder, "secret", "run"), { recursive: true });
    fs.symlinkSync(path.join(folder, "secret", "run"), runPath("link"));
    for (const run of ["../secret/run", path.join(folder, "secret", "run"), "link", "done/../../secret/run"]) {
      for (const what of ["run", "episode", "frames", "gif"]) {
        const [status, body] = await request(`${url}api/${what}?run=${encodeURIComponent(run)}&step=3000`);
        expect([status, body]).toEqual([403, '{"error":"The run must be in the folder."}']);
      }
    }
    expect((await request(`${url}api/episode?run=done&step=..%2f3000`))[0]).toBe(400);
    expect((await request(`${url}..%2f..%2fserver.js`))[0]).toBe(404);
    fs.rmSync(runPath("link"));
  });

  it("says in a sentence what is wrong with an episode", async () => {
    const file = runPath("done", "episodes", "step-2500.json");
    const text = fs.readFileSync(file, "utf8");
    const ask = async () => JSON.parse((await request(`${url}api/episode?run=done&step=2500`))[1]) as { error: string };
    fs.writeFileSync(file, text.slice(0, 50));
    expect((await ask()).error).toBe("The episode of step 2500 of done is damaged.");
    fs.writeFileSync(file, text.replace('"version":1', '"version":9'));
    expect((await ask()).error).toMatch(/must be what train wrote; got something else or another version\.$/);
    fs.rmSync(file);
    expect((await ask()).error).toBe("The episode of step 2500 of done is not there any more.");
  });
});
