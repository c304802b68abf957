/**
 * Builds the site into `site/`: plain files that any web server, or the browser alone, can show.
 *
 *   npm run site
 */
import { fileURLToPath } from "node:url";
import * as kusari from "kusari";
import { Site } from "./site/site.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = process.argv[2] ?? `${root}site`;
const pages = new Site(root, out, kusari).build();
console.log(`${pages.length} pages, the first is ${out}/index.html`);
