/** A synchronous loop's way to let the rest of the process have its turn. */

/** How long the loop may hold the thread: a terminal redraws and Ctrl-C answers within two frames. */
export const sliceMilliseconds = 12;

export const now = (): number => performance.now();

/** One macrotask turn: signals, timers, listeners and device promises get their chance. */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
