/** A synchronous loop's way to let the rest of the process have its turn. */

/** How long the loop may hold the thread: a terminal redraws and Ctrl-C answers within two frames. */
export const sliceMilliseconds = 12;

export const now = (): number => performance.now();

/** A page makes nested timers wait for four milliseconds; messages it brings at once. */
function turnByMessage(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(null);
    });
}

/** One macrotask turn: signals, timers, listeners and device promises get their chance. */
export const turn: () => Promise<void> =
  typeof setImmediate === "function" ? () => new Promise((resolve) => setImmediate(resolve)) : turnByMessage();
