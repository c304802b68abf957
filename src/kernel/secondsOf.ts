/** How long something takes on a backend. */
import type { Backend } from "./backend.ts";

/**
 * Seconds of one call, many of them in a row, the device's work included.
 * @param enough seconds to measure for
 */
export async function secondsOf(backend: Backend, body: () => void, enough = 0.1): Promise<number> {
  const at = backend.memory.reserve(64);
  const once = async (repeat: number) => {
    const began = performance.now();
    for (let i = 0; i < repeat; i++) body();
    await backend.turn();
    await backend.memory.read(at, 1);
    return (performance.now() - began) / 1_000 / repeat;
  };
  try {
    // the first time compiles
    await once(1);
    let repeat = 2;
    let seconds = await once(repeat);
    while (seconds * repeat < enough && repeat < 1e6) {
      repeat *= 4;
      seconds = await once(repeat);
    }
    // other work of the machine only ever adds
    return Math.min(seconds, await once(repeat), await once(repeat));
  } finally {
    backend.memory.release(at, 64);
  }
}
