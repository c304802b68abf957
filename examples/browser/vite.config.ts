import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

export default defineConfig({
  // paths in the page relative to it: it can be put into any folder
  base: "./",
  root: fileURLToPath(new URL(".", import.meta.url)),
  worker: { format: "es" },
  // what kusari imports; found only when the worker starts, it would make the page reload then
  optimizeDeps: { include: ["seedrandom/lib/alea.js", "zod/mini"] },
  build: { target: "es2022" },
});
