/** What engines written in JavaScript share: things made once, and the clock around a repeated body. */
const made = new Map();

/** Makes a thing once and keeps it, so that repeated calls measure the steady state. */
export function once(key, make) {
  if (!made.has(key)) made.set(key, make());
  return made.get(key);
}

/** @returns seconds of all repetitions, and their count */
export function timed(repeat, body) {
  const began = performance.now();
  for (let i = 0; i < repeat; i++) body(i);
  return { seconds: (performance.now() - began) / 1000, repeat };
}
