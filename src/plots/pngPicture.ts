/** An SVG as PNG, by resvg in WebAssembly, with the fonts of the package dejavu-fonts-ttf. */
import fs from "node:fs";
import { createRequire } from "node:module";
import { initWasm, Resvg } from "@resvg/resvg-wasm";
import { pictureFont } from "./svgPicture.ts";

const require = createRequire(import.meta.url);

let started: Promise<void> | null = null;

/**
 * @param svg its text in DejaVu Sans
 * @param zoom pixels of the picture for each of the SVG
 */
export async function pngPicture(svg: string, zoom = 1): Promise<Uint8Array> {
  started ??= initWasm(fs.readFileSync(require.resolve("@resvg/resvg-wasm/index_bg.wasm")));
  await started;
  const fonts = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"];
  const fontBuffers = fonts.map((name) => fs.readFileSync(require.resolve(`dejavu-fonts-ttf/ttf/${name}`)));
  const drawing = new Resvg(svg, {
    font: { fontBuffers, defaultFontFamily: pictureFont },
    fitTo: { mode: "zoom", value: zoom },
  });
  try {
    const image = drawing.render();
    const png = image.asPng();
    image.free();
    return png;
  } finally {
    drawing.free();
  }
}
