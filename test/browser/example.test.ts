/** The page of examples/browser, built as a user would build it, in headless Chromium. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { because, launchChromium, missingChromium } from "./chromium.ts";
import { openSite, type Site } from "./site.ts";

describe.skipIf(missingChromium)(`examples/browser${because}`, () => {
  let site: Site;
  let browser: Browser;
  beforeAll(async () => {
    site = await openSite("examples/browser");
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  /** Opens the page; `check` fails on whatever it complains of. */
  async function open(): Promise<{ page: Page; check: () => void }> {
    const page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(site.url);
    await page.waitForSelector("form[data-ready]");
    return { page, check: () => expect(complaints).toEqual([]) };
  }

  const status = (page: Page) => page.locator("#status");
  const steps = async (page: Page) => Number((await page.locator("#steps").textContent())!.replaceAll(",", ""));
  /** What is on the canvas, as text that differs where the picture does. */
  const picture = (page: Page) =>
    page.locator("canvas").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  /** How many colours there are on the canvas; a blank one has one. */
  const colors = (page: Page) =>
    page.locator("canvas").evaluate((element) => {
      const { width, height } = element as HTMLCanvasElement;
      const { data } = (element as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, width, height);
      return new Set(new Uint32Array(data.buffer)).size;
    });

  it("learns CartPole on WebAssembly, shows it at play, and gives the weights away", async () => {
    const { page, check } = await open();
    expect(await status(page).textContent()).toBe("Press Start.");
    const still = await picture(page);
    await page.getByRole("button", { name: "Start" }).click();
    await status(page)
      .filter({ hasText: /^Solved at step [\d,]+: mean return (?:4\d\d\.\d|500\.0) over 100 episodes/ })
      .waitFor();
    // greedy returns rise from a handful to hundreds, in the table and in words
    const means = (await page.locator("#evaluations td:nth-child(2)").allTextContents()).map(Number);
    expect(means.length).toBeGreaterThan(5);
    expect(means[0]).toBeLessThan(200);
    expect(means.at(-1)).toBeGreaterThanOrEqual(475);
    expect(await page.locator("#curve").getAttribute("aria-label")).toMatch(
      /^Learning curve\. Mean return .* best (?:4|5)\d\d/,
    );
    expect(await page.locator("#curve .mean").getAttribute("points")).toMatch(/^(\S+ ){6}/);
    // the pole goes on being balanced
    expect(await colors(page)).toBeGreaterThan(3);
    const first = await picture(page);
    expect(first).not.toBe(still);
    await expect.poll(() => picture(page)).not.toBe(first);
    const downloading = page.waitForEvent("download");
    await page.getByRole("button", { name: /weights/ }).click();
    expect((await downloading).suggestedFilename()).toBe("model.safetensors");
    check();
    await page.close();
  });

  it("stops where it is told to, and starts again, by the keyboard alone", async () => {
    const { page, check } = await open();
    await page.getByLabel("Speed").selectOption("1000");
    await page.getByLabel("Seed").focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => steps(page)).toBeGreaterThan(0);
    expect(await page.getByLabel("Seed").isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Stop" }).focus();
    await page.keyboard.press("Enter");
    await status(page)
      .filter({ hasText: /^Stopped at step [\d,]+\.$/ })
      .waitFor();
    const stoppedAt = await steps(page);
    expect(stoppedAt).toBeLessThan(60_000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await steps(page)).toBe(stoppedAt);
    await page.keyboard.press("Enter");
    await status(page).filter({ hasText: "Learning on WebAssembly, seed 1." }).waitFor();
    await expect.poll(() => steps(page)).toBeGreaterThan(0);
    check();
    await page.close();
  });

  it("learns on WebGPU", async () => {
    const { page, check } = await open();
    await page.getByLabel("Device").selectOption("WebGPU");
    expect(await page.getByLabel("Hidden layers").inputValue()).toBe("512");
    // the adapter of a test is a program
    await page.getByLabel("Hidden layers").selectOption("64");
    await page.getByRole("button", { name: "Start" }).click();
    await status(page)
      .filter({ hasText: /^Learning on webgpu/ })
      .waitFor();
    await expect.poll(() => steps(page), { timeout: 40_000 }).toBeGreaterThanOrEqual(1_000);
    expect(Number((await page.locator("#updates").textContent())!)).toBeGreaterThan(200);
    expect(Number(await page.locator("#loss").textContent())).toBeGreaterThan(0);
    expect(await colors(page)).toBeGreaterThan(3);
    await page.getByRole("button", { name: "Stop" }).click();
    await status(page)
      .filter({ hasText: /^Stopped at step/ })
      .waitFor();
    check();
    await page.close();
  });
});
