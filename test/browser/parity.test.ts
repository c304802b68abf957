/** The parity checks in headless Chromium, on its WebGPU and its WebAssembly. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { because, launchChromium, missingChromium } from "./chromium.ts";
import { openSite, type Site } from "./site.ts";

describe.skipIf(missingChromium)(`in Chromium${because}`, () => {
  let site: Site;
  let browser: Browser;
  beforeAll(async () => {
    site = await openSite("test/browser/parityPage");
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  it.each(["cpu", "gpu"] as const)(
    "operations, links, optimizers and agents on the %s are as on the reference",
    async (target) => {
      const page = await browser.newPage();
      await page.goto(site.url);
      const { passed, failures, variant } = await page.evaluate((name) => globalThis.checkParity(name), target);
      expect(failures).toEqual([]);
      expect(passed).toBeGreaterThan(80);
      expect(variant.startsWith("webgpu")).toBe(target === "gpu");
      await page.close();
    },
    240_000,
  );
});
