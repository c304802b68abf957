import { defineConfig } from "vite";

// package.json says which files of dist/ act when they are loaded, and nothing of the sources that this page is made of
export default defineConfig({ build: { rolldownOptions: { treeshake: false } } });
