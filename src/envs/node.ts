/** Environments where there are processes and threads, in Node and Deno: all of index.ts, Python's, and mode `worker`. */
import { makePython } from "./python/makePython.ts";
import { providePython } from "./registry.ts";
import { provideWorkers } from "./vector/makeVec.ts";
import { WorkerVectorEnv } from "./vector/workerVectorEnv.ts";

providePython(makePython);
provideWorkers((numEnvs, settings) => new WorkerVectorEnv(numEnvs, settings));

export * from "./index.ts";
export * from "./python/index.ts";
