/** A report in a real browser: opened from the disk, with nothing to ask the network for. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { plotlyText, readRuns, reportOf, reportPage, themes } from "../../src/plots/index.ts";
import { because, launchChromium, missingChromium } from "../browser/chromium.ts";
import { writeRun } from "./writtenRun.ts";

describe.skipIf(missingChromium)(`the report's page${because}`, () => {
  let folder: string;
  let file: string;
  let browser: Browser;

  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-report-"));
    for (const seed of [0, 1, 2]) writeRun(path.join(folder, `d${seed}`), { seed, evaluations: [10, 200 + seed, 480] });
    // names end up in the page as text, whatever they are
    writeRun(path.join(folder, "p"), { agent: "</script><b>x</b>", evaluations: [20, 90], final: 95 });
    const { runs } = readRuns("test", [folder]);
    file = path.join(folder, "report.html");
    const parts = { title: "Learning curves", subtitle: "4 runs", warnings: ["a <run> could not be read."] };
    fs.writeFileSync(file, reportPage({ ...parts, sections: reportOf(runs), plotly: plotlyText() }));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  async function open(colorScheme: "light" | "dark"): Promise<{ page: Page; said: string[]; asked: string[] }> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme });
    const said: string[] = [];
    const asked: string[] = [];
    page.on("pageerror", (error) => said.push(String(error)));
    page.on("console", (message) => said.push(message.text()));
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector(".plot .main-svg");
    return { page, said, asked };
  }
  const main = "#evaluation";
  const visible = (page: Page) =>
    page.$eval(main, (chart) => {
      const { data } = chart as unknown as { data: { visible: boolean; meta: { role: string; group: number } }[] };
      return data.filter((trace) => trace.visible).map(({ meta }) => `${meta.group} ${meta.role}`);
    });

  test("draws, asks for nothing but itself, and says in words what is seen", async () => {
    const { page, said, asked } = await open("light");
    expect(said).toEqual([]);
    expect(asked).toEqual([pathToFileURL(file).href]);
    expect(await visible(page)).toEqual(["0 band", "0 seed", "0 seed", "0 seed", "0 centre", "1 centre"]);
    expect(await page.textContent(`${main}-words`)).toContain(
      "dqn (interquartile mean of 3 seeds): from 10 at 1k steps",
    );
    expect(await page.textContent("aside")).toContain("a <run> could not be read.");
    expect(await page.$$("b:text('x')")).toEqual([]);
    // labels lie within the picture
    const outside = await page.$eval(main, (chart) => {
      const frame = chart.getBoundingClientRect();
      const texts = [...chart.querySelectorAll(".xtick text, .ytick text, .xtitle, .annotation text")];
      const isOutside = (box: DOMRect) =>
        box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1;
      return texts.filter((text) => isOutside(text.getBoundingClientRect())).map((text) => text.textContent);
    });
    expect(outside).toEqual([]);
    await page.close();
  });

  test("boxes hide groups and seeds in all charts", async () => {
    const { page } = await open("light");
    await page.uncheck("[name=seeds]");
    expect(await visible(page)).toEqual(["0 band", "0 centre", "1 centre"]);
    await page.uncheck("[name=group-0]");
    expect(await visible(page)).toEqual(["1 centre"]);
    await page.close();
  });

  test("the keyboard walks along lines and says values", async () => {
    const { page } = await open("light");
    await page.focus(main);
    const said = () => page.textContent(`figure:has(${main}) output`);
    await page.keyboard.press("End");
    expect(await said()).toBe("</script><b>x</b>, seed 0, evaluation: 90 at step 2,000");
    await page.keyboard.press("ArrowUp");
    expect(await said()).toBe("dqn, interquartile mean of 3 seeds: 201 at step 2,000");
    await page.keyboard.press("ArrowLeft");
    expect(await said()).toBe("dqn, interquartile mean of 3 seeds: 10 at step 1,000");
    await page.close();
  });

  test("dark where the system is, also when it changes", async () => {
    const { page, said } = await open("dark");
    const colour = () =>
      page.$eval(
        main,
        (chart) => (chart as unknown as { data: { line: { color: string } }[] }).data.at(-1)!.line.color,
      );
    const rgb = (hex: string) => [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16)).join(",");
    expect(await colour()).toBe(`rgba(${rgb(themes.dark.series[1]!)},1)`);
    expect(await page.$eval("body", (body) => getComputedStyle(body).color)).toBe(
      `rgb(${rgb(themes.dark.text).replaceAll(",", ", ")})`,
    );
    await page.emulateMedia({ colorScheme: "light" });
    await page.waitForFunction(
      ([id, expected]) =>
        (document.querySelector(id!) as unknown as { data: { line: { color: string } }[] }).data.at(-1)!.line.color ===
        expected,
      [main, `rgba(${rgb(themes.light.series[1]!)},1)`],
    );
    expect(said).toEqual([]);
    await page.close();
  });
});
