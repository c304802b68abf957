/** The text of plotly.js's basic bundle, for pages that hold it. */
import fs from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

export const plotlyText = (): string => fs.readFileSync(require.resolve("plotly.js-basic-dist-min"), "utf8");
