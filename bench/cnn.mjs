/**
 * One DQN update of a convolutional network in Kusari and in PyTorch: the network of MinAtar, and that of Nature DQN.
 *
 *   npm run build && node bench/cnn.mjs [--rounds 15] [--only minatar,nature] [--threads 1] [--peer-threads 1]
 *
 * `--threads` are Kusari's (KUSARI_THREADS), `--peer-threads` PyTorch's.
 */
import { parseArgs } from "node:util";
import { compare, kusari } from "./compare.mjs";
import { start } from "./peers/peer.mjs";

const cnnUpdate = (network, batch) => ({
  network,
  label: `${network} update, batch ${batch}`,
  name: "cnnUpdate",
  options: { network, batch },
});
const works = [cnnUpdate("minatar", 32), cnnUpdate("nature", 32)];
const names = works.map(({ network }) => network);

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    only: { type: "string", default: names.join() },
    threads: { type: "string", default: "1" },
    "peer-threads": { type: "string", default: "1" },
  },
});
const rounds = Number(values.rounds);
const threads = Number(values.threads);
const peerThreads = Number(values["peer-threads"]);
const only = values.only.split(",");
const isCount = (n) => Number.isInteger(n) && n >= 1;
if (!isCount(rounds) || !isCount(threads) || !isCount(peerThreads) || only.some((name) => !names.includes(name))) {
  console.error(
    `cnn: --only takes ${names.join()}, --rounds, --threads and --peer-threads a count from 1; got ${values.only}, ${values.rounds}, ${values.threads}, ${values["peer-threads"]}.`,
  );
  process.exit(2);
}

process.env.KUSARI_THREADS = String(threads); // read when the first operation runs
await compare(
  [await kusari(`${threads} thread${threads > 1 ? "s" : ""}, relaxed SIMD`), await start("torch", peerThreads)],
  works.filter(({ network }) => only.includes(network)),
  rounds,
);
