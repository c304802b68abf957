/**
 * Vitest's global setup: a GPU for the tests of a machine without one. The processes of the tests, started after this,
 * find it through their environment.
 */
import path from "node:path";
import { fitsPlatform, unpacked } from "./chromiumPackage.ts";

/** Set KUSARI_GPU=own to test on the machine's own adapter. */
export default function setup(): void {
  if (!fitsPlatform || process.env.KUSARI_GPU === "own") return;
  const folder = unpacked("swiftshader", ["swiftshader.tar.br"]);
  process.env.VK_DRIVER_FILES = path.join(folder, "vk_swiftshader_icd.json");
  process.env.LD_LIBRARY_PATH = [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
}
