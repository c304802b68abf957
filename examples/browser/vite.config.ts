import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

export default defineConfig({
  // paths in the page relative to it: it can be put into any folder
  base: "./",
  root: fileURLToPath(new URL(".", import.meta.url)),
  worker: { format: "es" },
  build: { target: "es2022" },
});
