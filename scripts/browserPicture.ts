/**
 * Makes docs/pictures/browser.png: examples/browser in the middle of training, and browserDark.png, the same in the dark.
 *
 *   npm run build && npx jiti scripts/browserPicture.ts [folder]
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { launchChromium } from "../test/browser/chromium.ts";
import { openSite } from "../test/browser/site.ts";

const folder = process.argv[2] ?? "docs/pictures";
const site = await openSite("examples/browser");
const browser = await launchChromium();
for (const colorScheme of ["light", "dark"] as const) {
  const page = await browser.newPage({ viewport: { width: 980, height: 800 }, colorScheme });
  await page.goto(site.url);
  await page.getByLabel("Speed").selectOption("1000");
  await page.getByLabel("Seed").fill("14");
  await page.getByRole("button", { name: "Start" }).click();
  await page.waitForFunction(() => document.querySelectorAll("#evaluations tr").length >= 19, null, {
    timeout: 60_000,
  });
  await page.waitForTimeout(200);
  const file = path.join(folder, colorScheme === "light" ? "browser.png" : "browserDark.png");
  writeFileSync(file, await page.screenshot());
  console.log(file);
  await page.close();
}
await browser.close();
await site.close();
