/**
 * Makes docs/pictures/notebook.png: the quickstart's loop and its curve, from the page that the site has of it.
 *
 *   npm run site && npx jiti scripts/notebookPicture.ts [file]
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launchChromium } from "../test/browser/chromium.ts";

const file = process.argv[2] ?? "docs/pictures/notebook.png";
const browser = await launchChromium();
const page = await browser.newPage({ viewport: { width: 900, height: 1_200 } });
await page.goto(new URL("../site/quickstart.html", import.meta.url).href);
await page.addStyleTag({
  content: "nav { display: none } .frame { display: block } main { margin: 0; border: 0; border-radius: 0 }",
});
const top = (await page.getByText("All of reinforcement learning").boundingBox())!.y;
const last = page.locator("#the-loop ~ div.output").first();
const { y, height } = (await last.boundingBox())!;
const bytes = await page.screenshot({
  fullPage: true,
  clip: { x: 0, y: top - 20, width: 900, height: y + height - top + 40 },
});
writeFileSync(file, bytes);
console.log(`${file}, made of ${fileURLToPath(page.url())}: ${Math.round(bytes.length / 1000)} kB`);
await browser.close();
