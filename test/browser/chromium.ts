/** A headless Chromium with WebGPU in software, from npm alone. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Browser, chromium } from "playwright-core";
import { fitsPlatform, unpacked } from "../gpu/chromiumPackage.ts";

/** Why the tests in a browser are skipped here, or null where they run. */
export const missingChromium: string | null = fitsPlatform ? null : "the package's Chromium is one for Linux on x64";

/** What stands behind the name of a suite: the reason why it is skipped. */
export const because = missingChromium === null ? "" : ` (skipped: ${missingChromium})`;

/** The fonts of the package and no others, so that a page looks the same everywhere. */
function writeFontConfig(folder: string, place: string): void {
  const cache = path.join(place, "fonts-cache");
  mkdirSync(path.join(folder, "fonts-cache"));
  const text = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${path.join(place, "fonts")}</dir>
  <cachedir>${cache}</cachedir>
</fontconfig>
`;
  writeFileSync(path.join(folder, "kusari-fonts.conf"), text);
}

/** Starts it; whoever does closes it. */
export function launchChromium(): Promise<Browser> {
  const archives = ["chromium.br", "al2023.tar.br", "swiftshader.tar.br", "fonts.tar.br"];
  const folder = unpacked("browser", archives, (unpacking) =>
    writeFontConfig(unpacking, unpacking.slice(0, unpacking.lastIndexOf("."))),
  );
  const { PATH = "", HOME = "" } = process.env;
  return chromium.launch({
    executablePath: path.join(folder, "chromium"),
    args: [
      "--headless",
      "--no-sandbox",
      "--enable-unsafe-webgpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
    env: {
      PATH,
      HOME,
      LD_LIBRARY_PATH: `${path.join(folder, "lib")}:${folder}`,
      FONTCONFIG_FILE: path.join(folder, "kusari-fonts.conf"),
    },
  });
}
