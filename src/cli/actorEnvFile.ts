/** What each actor of a run imports whose environment comes from a file: registers it. The file stands behind `?`. */
import { loadEnvFile } from "./envFile.ts";

await loadEnvFile("rl train", decodeURIComponent(new URL(import.meta.url).search.slice(1)));
