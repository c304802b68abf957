/** The null backend: runs nothing and counts launches. A test that counts an update's kernels catches a slow change. */
import type { Backend, Families, Kernel } from "./backend.ts";
import { JsMemory } from "./reference.ts";

export interface NullBackend extends Backend {
  /** The launches since the last `reset`, by name, in order. */
  readonly launches: string[];
  /** Multiplications with an addition in matrix products since then. */
  multiplyAdds: number;
  reset(): void;
}

export function createNullBackend(): NullBackend {
  const launches: string[] = [];
  const count = (name: string) => () => {
    launches.push(name);
  };
  const families: Families = {
    matmul: () => (rows, inner, cols) => {
      launches.push("matmul");
      backend.multiplyAdds += rows * inner * cols;
    },
    convolution:
      () =>
      ({ batch, channels, outChannels, groups, kernel, outHeight, outWidth }) => {
        launches.push("convolution");
        backend.multiplyAdds +=
          (batch * outChannels * outHeight * outWidth * channels * kernel[0] * kernel[1]) / groups;
      },
    convolutionInput: count("convolutionInput"),
    convolutionWeight: count("convolutionWeight"),
    windows: count("windows"),
    windowsAdjoint: count("windowsAdjoint"),
    columnSum: count("columnSum"),
    stridedCopy: count("stridedCopy"),
    gatherRows: count("gatherRows"),
    scatterAddRows: count("scatterAddRows"),
    copy: count("copy"),
    fill: count("fill"),
    randomUniform: count("randomUniform"),
  };
  const backend: NullBackend = {
    name: "null",
    variant: "null",
    memory: new JsMemory(),
    families,
    compile: (kernel: Kernel) => count(kernel.name),
    adapter: null,
    turn: async () => {},
    launches,
    multiplyAdds: 0,
    reset() {
      launches.length = 0;
      backend.multiplyAdds = 0;
    },
  };
  return backend;
}
