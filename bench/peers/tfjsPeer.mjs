/**
 * The works of bench/updates.mjs in TensorFlow.js on its WebAssembly backend, one thread.
 *
 * Reads one JSON request a line from stdin and writes one JSON answer a line to stdout; the first line it writes says
 * which engine it is, or why there is none.
 */
import { createInterface } from "node:readline";
import { once, timed } from "./timing.mjs";

const answer = (fields) => process.stdout.write(`${JSON.stringify(fields)}\n`);
console.log = console.error; // whatever the library prints must not land among the answers

let tf;
let wasm;
try {
  tf = await import("@tensorflow/tfjs");
  wasm = await import("@tensorflow/tfjs-backend-wasm");
} catch (error) {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  answer({ unavailable: "not installed; run: npm --prefix bench/peers ci" });
  process.exit(0);
}
tf.enableProdMode();
wasm.setThreadsCount(1);
await tf.setBackend("wasm");

/** Normal draws by Box and Muller. */
const normals = (length) =>
  Float32Array.from(
    { length },
    () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()),
  );

/** The parameters [w, b, w, b, w, b] of 4-hidden-hidden-2, with Glorot's uniform draws. */
function parameters(hidden) {
  const sizes = [4, hidden, hidden, 2];
  return sizes.slice(1).flatMap((cols, i) => {
    const limit = Math.sqrt(6 / (sizes[i] + cols));
    return [tf.variable(tf.randomUniform([sizes[i], cols], -limit, limit)), tf.variable(tf.zeros([cols]))];
  });
}

/** Action values (batch, 2) of x (batch, 4). */
function forward([w1, b1, w2, b2, w3, b3], activation, x) {
  // ReLU has a fused kernel with a derivative; tanh has none
  const layer = (a, b, bias) =>
    activation === "relu" ? tf.fused.matMul({ a, b, bias, activation }) : tf.tanh(tf.add(tf.matMul(a, b), bias));
  return tf.add(tf.matMul(layer(layer(x, w1, b1), w2, b2), w3), b3);
}

class DQN {
  constructor(hidden, activation, eps, double) {
    this.double = double;
    this.activation = activation;
    this.online = parameters(hidden);
    this.target = parameters(hidden);
    this.adam = tf.train.adam(1e-3, 0.9, 0.999, eps);
    this.copyToTarget();
  }

  copyToTarget() {
    this.target.forEach((parameter, i) => {
      parameter.assign(this.online[i]);
    });
  }

  /** One update from typed arrays: obs and nextObs (batch, 4), action, reward and discount (batch). */
  update({ obs, action, reward, discount, nextObs }) {
    tf.tidy(() => {
      const x = tf.tensor2d(obs, [action.length, 4]);
      const taken = tf.oneHot(tf.tensor1d(action, "int32"), 2);
      const nextX = tf.tensor2d(nextObs, [action.length, 4]);
      const nextQ = forward(this.target, this.activation, nextX);
      const nextValue = this.double
        ? tf.sum(tf.mul(nextQ, tf.oneHot(tf.argMax(forward(this.online, this.activation, nextX), 1), 2)), 1)
        : tf.max(nextQ, 1);
      const y = tf.add(tf.tensor1d(reward), tf.mul(tf.tensor1d(discount), nextValue));
      const loss = () => tf.losses.huberLoss(y, tf.sum(tf.mul(forward(this.online, this.activation, x), taken), 1));
      const { grads } = tf.variableGrads(loss, this.online);
      this.adam.applyGradients(grads);
    });
  }

  /** The greedy action, a plain number, of one observation (4). */
  act(obs) {
    const action = tf.tidy(() => tf.argMax(forward(this.online, this.activation, tf.tensor2d(obs, [1, 4])), 1));
    const [chosen] = action.dataSync();
    action.dispose();
    return chosen;
  }
}

/** Gymnasium's CartPole: scalar arithmetic, float32 observations, episodes of at most 200 steps. */
class CartPole {
  reset() {
    this.state = Array.from({ length: 4 }, () => Math.random() * 0.1 - 0.05);
    this.steps = 0;
    return Float32Array.from(this.state);
  }

  step(action) {
    const [x, xDot, theta, thetaDot] = this.state;
    const cos = Math.cos(theta);
    const sin = Math.sin(theta);
    // cart 1 kg, pole 0.1 kg and half a length of 0.5 m, 10 N, 0.02 s
    const temp = ((action === 1 ? 10 : -10) + 0.05 * thetaDot * thetaDot * sin) / 1.1;
    const thetaAcc = (9.8 * sin - cos * temp) / (0.5 * (4 / 3 - (0.1 * cos * cos) / 1.1));
    const xAcc = temp - (0.05 * thetaAcc * cos) / 1.1;
    this.state = [x + 0.02 * xDot, xDot + 0.02 * xAcc, theta + 0.02 * thetaDot, thetaDot + 0.02 * thetaAcc];
    this.steps++;
    const terminated = Math.abs(this.state[0]) > 2.4 || Math.abs(this.state[2]) > (12 * 2 * Math.PI) / 360;
    return [Float32Array.from(this.state), 1, terminated, !terminated && this.steps >= 200];
  }
}

/** A ring of transitions, one array a field; sampled uniformly with replacement. */
class Replay {
  constructor(capacity) {
    this.capacity = capacity;
    this.fields = Replay.fields(capacity);
    this.added = 0;
  }

  static fields(n) {
    const [obs, nextObs] = [new Float32Array(4 * n), new Float32Array(4 * n)];
    return { obs, nextObs, action: new Int32Array(n), reward: new Float32Array(n), discount: new Float32Array(n) };
  }

  append(obs, action, reward, discount, nextObs) {
    const i = this.added++ % this.capacity;
    this.fields.obs.set(obs, 4 * i);
    this.fields.nextObs.set(nextObs, 4 * i);
    this.fields.action[i] = action;
    this.fields.reward[i] = reward;
    this.fields.discount[i] = discount;
  }

  sample(n) {
    const { fields } = this;
    const batch = Replay.fields(n); // fresh ones: a tensor may keep the array that it is made from
    const size = Math.min(this.added, this.capacity);
    for (let row = 0; row < n; row++) {
      const i = Math.floor(Math.random() * size);
      for (let j = 0; j < 4; j++) {
        batch.obs[4 * row + j] = fields.obs[4 * i + j];
        batch.nextObs[4 * row + j] = fields.nextObs[4 * i + j];
      }
      batch.action[row] = fields.action[i];
      batch.reward[row] = fields.reward[i];
      batch.discount[row] = fields.discount[i];
    }
    return batch;
  }
}

class Quickstart {
  constructor() {
    this.env = new CartPole();
    this.agent = new DQN(50, "tanh", 1e-2, true);
    this.replay = new Replay(1_000_000);
    this.obs = this.env.reset();
    this.updates = 0;
    while (this.updates < 1) this.step();
  }

  step() {
    const action = Math.random() < 0.3 ? Math.floor(Math.random() * 2) : this.agent.act(this.obs);
    const [nextObs, reward, terminated, truncated] = this.env.step(action);
    this.replay.append(this.obs, action, reward, terminated ? 0 : 0.95, nextObs);
    this.obs = terminated || truncated ? this.env.reset() : nextObs;
    if (this.replay.added < 500) return;
    this.agent.update(this.replay.sample(32));
    if (++this.updates % 100 === 0) this.agent.copyToTarget();
  }
}

/** Several minibatches, so that the numbers stay those of training: no loss runs into denormals. */
function minibatches(batch, length = 16) {
  return Array.from({ length }, () => ({
    obs: normals(4 * batch),
    nextObs: normals(4 * batch),
    action: Int32Array.from({ length: batch }, () => Math.floor(Math.random() * 2)),
    reward: normals(batch),
    discount: Float32Array.from({ length: batch }, () => (Math.random() < 0.05 ? 0 : 0.99)),
  }));
}

const works = {
  dqnUpdate({ hidden, batch, double, repeat }) {
    const agent = once(`update ${hidden} ${batch} ${double}`, () => new DQN(hidden, "relu", 1e-8, double));
    const batches = once(`minibatches ${batch}`, () => minibatches(batch));
    return timed(repeat, (i) => agent.update(batches[i % batches.length]));
  },

  act({ hidden = 64, repeat }) {
    const agent = once(`act ${hidden}`, () => new DQN(hidden, "relu", 1e-8, false));
    const obs = new Float32Array(4);
    return timed(repeat, () => agent.act(obs));
  },

  gemm({ m, k, n, repeat }) {
    const [a, b] = once(`gemm ${m} ${k} ${n}`, () => [tf.randomNormal([m, k]), tf.randomNormal([k, n])]);
    return timed(repeat, () => tf.matMul(a, b).dispose());
  },

  quickstart({ steps }) {
    const state = once("quickstart", () => new Quickstart());
    return timed(steps, () => state.step());
  },
};

answer({ engine: `TensorFlow.js ${tf.version_core}`, details: "WebAssembly backend, 1 thread" });
for await (const line of createInterface({ input: process.stdin })) {
  const { work, ...options } = JSON.parse(line);
  try {
    if (!Object.hasOwn(works, work)) throw new Error(`no such work: ${work}`);
    answer(works[work](options));
  } catch (error) {
    answer({ error: String(error) }); // the driver shows it; the next request may still be answered
  }
}
