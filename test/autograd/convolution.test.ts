/** Convolution and pooling on literal numbers, and the network layers beyond linear ones. */
import { beforeEach, describe, expect, it } from "vitest";
import {
  Adam,
  averagePooling2d,
  BatchNormalization,
  Convolution2D,
  conv2d,
  Deconvolution2D,
  deconv2d,
  deserializeLink,
  doubleGradientCheck,
  evalMode,
  fetchParameters,
  GRU,
  gradientCheck,
  LSTM,
  Maxout,
  maxPooling2d,
  mean,
  NoisyLinear,
  noBackprop,
  Parameter,
  PReLU,
  putParameters,
  relu,
  Sequential,
  scope,
  serializeLink,
  square,
  sum,
  type Variable,
  variable,
} from "../../src/autograd/index.ts";
import { decodeSafetensors } from "../../src/autograd/serializers/safetensors.ts";
import { createCpuBackend } from "../../src/cpu/cpuBackend.ts";
import { openDevice } from "../../src/device.ts";
import { backend } from "../../src/kernel/backend.ts";
import { createNullBackend } from "../../src/kernel/nullBackend.ts";
import { createReferenceBackend } from "../../src/kernel/reference.ts";
import type { Convolution } from "../../src/kernel/windows.ts";
import { Random } from "../../src/random.ts";

beforeEach(async () => {
  await openDevice("cpu");
});

const size = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);
const whole = (a: number, m: number, c: number, scale: number, shape: readonly number[]) =>
  variable(
    Array.from({ length: size(shape) }, (_, i) => (((i * a) % m) - c) / scale),
    { shape, requiresGrad: true },
  );
const xs = (...shape: number[]) => whole(7, 11, 5, 1, shape);
const ws = (...shape: number[]) => whole(5, 7, 3, 1, shape);

const expectClose = (found: Iterable<number>, wanted: readonly number[], digits = 5) => {
  const list = [...found];
  expect(list).toHaveLength(wanted.length);
  list.forEach((x, i) => {
    expect(x).toBeCloseTo(wanted[i]!, digits);
  });
};

/** The numbers are PyTorch 1.13's of the same inputs. */
describe("values", () => {
  it("conv2d with stride and padding", () => {
    const y = conv2d(xs(1, 2, 4, 5), ws(3, 2, 3, 2), variable([1, 0, -1]), { stride: 2, padding: 1 });
    expect(y.shape).toEqual([1, 3, 2, 3]);
    expect(y.toArray()).toEqual([23, 4, -14, -23, -13, 9, -13, 8, -7, 16, 25, 22, -14, -9, 21, -15, 7, -21]);
    const rectified = conv2d(xs(1, 2, 4, 5), ws(3, 2, 3, 2), variable([1, 0, -1]), {
      stride: 2,
      padding: 1,
      activation: relu,
    });
    expect(rectified.toArray()).toEqual(y.toArray().map((v) => Math.max(v, 0)));
  });

  it("conv2d with dilation and groups", () => {
    const y = conv2d(xs(1, 4, 3, 4), ws(2, 2, 2, 2), null, { dilation: [1, 2], groups: 2 });
    expect(y.shape).toEqual([1, 2, 2, 2]);
    expect(y.toArray()).toEqual([17, 7, 10, 22, -10, 26, 24, 5]);
  });

  it("deconv2d, of the smallest and of a larger result", () => {
    const y = deconv2d(xs(1, 2, 2, 3), ws(2, 1, 3, 3), variable([2]), { stride: 2, padding: 1 });
    expect(y.shape).toEqual([1, 1, 3, 5]);
    expect(y.toArray()).toEqual([-17, -19, 8, 4, 0, 21, -12, 0, 6, 12, 14, -5, 6, 7, -2]);
    const larger = deconv2d(xs(1, 2, 2, 3), ws(2, 1, 3, 3), null, { stride: 2, padding: 1, outSize: [4, 6] });
    expect(larger.toArray()).toEqual([
      -19, -21, 6, 2, -2, 10, 19, -14, -2, 4, 10, -11, 12, -7, 4, 5, -4, 12, -15, 1, -3, -3, 9, 4,
    ]);
  });

  it("pooling", () => {
    expect(maxPooling2d(xs(1, 1, 5, 5), 2).toArray()).toEqual([4, 5, 3, 1, 4, 5, 3, 2, -2]);
    expect(maxPooling2d(xs(1, 1, 5, 5), 2, { coverAll: false }).toArray()).toEqual([4, 5, 1, 4]);
    expect(maxPooling2d(xs(1, 1, 4, 4), 3, { stride: 2, padding: 1, coverAll: false }).toArray()).toEqual([2, 5, 3, 5]);
    expect(averagePooling2d(xs(1, 1, 4, 4), 2, { padding: 1 }).toArray()).toEqual([
      -1.25, 0, 1.25, -0.75, 0.75, -1.25, 0.5, 0.75, 0.25,
    ]);
  });

  it("the gradient of a maximum goes to the first of equal ones", () => {
    const x = variable([0, 0, 3, 3, 0, 0, 3, 1], { shape: [1, 1, 2, 4], requiresGrad: true });
    maxPooling2d(x, 2).backward(variable([1, 2], { shape: [1, 1, 1, 2] }));
    expect(x.grad!.toArray()).toEqual([1, 0, 2, 0, 0, 0, 0, 0]);
  });

  it("a batch without images has no images", () => {
    expect(conv2d(xs(0, 2, 4, 4), ws(3, 2, 2, 2)).shape).toEqual([0, 3, 3, 3]);
    expect(maxPooling2d(xs(0, 2, 4, 4), 2).shape).toEqual([0, 2, 2, 2]);
  });
});

describe("wrong calls", () => {
  it.each<[string, () => unknown]>([
    ["channels", () => conv2d(xs(1, 3, 4, 4), ws(2, 2, 3, 3))],
    ["groups", () => conv2d(xs(1, 4, 4, 4), ws(3, 2, 3, 3), null, { groups: 2 })],
    ["rank", () => conv2d(xs(4, 4), ws(2, 1, 3, 3))],
    ["kernel", () => conv2d(xs(1, 1, 2, 4), ws(2, 1, 3, 3))],
    ["bias", () => conv2d(xs(1, 1, 4, 4), ws(2, 1, 3, 3), variable([1]))],
    ["stride", () => conv2d(xs(1, 1, 4, 4), ws(2, 1, 3, 3), null, { stride: 0 })],
    ["deconv2d's channels", () => deconv2d(xs(1, 1, 4, 4), ws(2, 1, 3, 3))],
    ["deconv2d's size", () => deconv2d(xs(1, 2, 4, 4), ws(2, 1, 3, 3), null, { stride: 2, outSize: 11 })],
    ["pooling's rank", () => maxPooling2d(xs(4, 4), 2)],
    ["pooling's padding", () => maxPooling2d(xs(1, 1, 4, 4), 2, { padding: 2 })],
    ["pooling's kernel", () => averagePooling2d(xs(1, 1, 2, 4), 3)],
    ["LSTM's input", () => new LSTM(2, 3, { random: new Random(0) }).step(xs(1, 3), null)],
    [
      "a state of another batch",
      () => {
        const lstm = new LSTM(2, 3, { random: new Random(0) });
        lstm.forward(xs(1, 2));
        lstm.forward(xs(2, 2));
      },
    ],
    [
      "the shape of continues",
      () => {
        new GRU(2, 3, { random: new Random(0) }).sequence(xs(3, 1, 2), null, variable([1, 1, 1]));
      },
    ],
    ["batchNormalization", () => new BatchNormalization(3).forward(xs(2, 4))],
  ])("%s", (_name, run) => {
    expect(run).toThrowErrorMatchingSnapshot();
  });
});

describe("the families on the cpu", () => {
  // sizes around the tiles of 4 rows and 8 columns, with and without fused multiply-add
  const geometries: Partial<Convolution>[] = [
    { batch: 3, channels: 5, outChannels: 9, height: 7, width: 6, kernel: [3, 2] },
    { batch: 70, channels: 1, outChannels: 3, height: 5, width: 5, kernel: [2, 2], stride: [2, 1] },
    { batch: 2, channels: 12, outChannels: 20, height: 6, width: 9, kernel: [3, 3], padding: [1, 2], stride: [2, 3] },
    { batch: 1, channels: 4, outChannels: 16, height: 20, width: 20, kernel: [8, 8], stride: [4, 4] },
    { batch: 2, channels: 6, outChannels: 4, height: 9, width: 8, kernel: [2, 3], dilation: [3, 2], groups: 2 },
    { batch: 2, channels: 2, outChannels: 2, height: 8, width: 8, kernel: [2, 2], stride: [3, 3] },
  ];
  it.each(geometries)("%j", (part) => {
    const pair = [1, 1] as const;
    const given = { stride: pair, padding: [0, 0] as const, dilation: pair, groups: 1, ...part } as Convolution;
    const out = (d: 0 | 1, n: number) =>
      Math.floor((n + 2 * given.padding[d] - (given.kernel[d] - 1) * given.dilation[d] - 1) / given.stride[d]) + 1;
    const of = { ...given, outHeight: out(0, given.height), outWidth: out(1, given.width) };
    const counts = {
      x: of.batch * of.channels * of.height * of.width,
      w: (of.outChannels * of.channels * of.kernel[0] * of.kernel[1]) / of.groups,
      y: of.batch * of.outChannels * of.outHeight * of.outWidth,
    };
    const numbers = new Random("convolution");
    const values = Object.fromEntries(
      Object.entries(counts).map(([name, n]) => [name, Float32Array.from({ length: n }, () => numbers.normal())]),
    ) as Record<keyof typeof counts, Float32Array>;
    const results = [createReferenceBackend(), createCpuBackend({ fma: false }), createCpuBackend()].map((device) => {
      const { memory, families } = device;
      const put = (list: ArrayLike<number>) => {
        const address = memory.reserve(4 * list.length);
        memory.write(address, list);
        return address;
      };
      const [x, w, gy] = [put(values.x), put(values.w), put(values.y)];
      const [y, gx, gw] = [put(values.y), put(values.x), put(values.w)];
      families.convolution({ bias: false, activation: null })(of, x, w, 0, y);
      families.convolutionInput(of, gy, w, gx);
      families.convolutionWeight(of, x, gy, gw, true);
      const numbersAt = (address: number, n: number) =>
        Array.from(memory.floats.subarray(address >> 2, (address >> 2) + n));
      return [numbersAt(y, counts.y), numbersAt(gx, counts.x), numbersAt(gw, counts.w)];
    });
    for (const result of results.slice(1)) {
      result.forEach((list, k) => {
        const wanted = results[0]![k]!;
        const scale = 1 + Math.max(...wanted.map(Math.abs));
        list.forEach((value, i) => {
          expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-5 * scale);
        });
      });
    }
  });

  it("are one launch forward and two back on the null backend", async () => {
    const { useBackend } = await import("../../src/kernel/backend.ts");
    const device = createNullBackend();
    useBackend(device);
    const layer = new Convolution2D(2, 3, 2, { random: new Random(0), activation: relu });
    const x = variable(new Float32Array(36), { shape: [2, 2, 3, 3], requiresGrad: true });
    device.reset();
    const y = layer.forward(x);
    expect(device.launches).toEqual(["convolution"]);
    y.backward(variable(new Float32Array(y.size), { shape: y.shape }));
    expect(device.launches.slice(1)).toEqual([
      "reluGrad",
      "convolutionInput",
      "convolutionWeight",
      "planeSum",
      "columnSum",
    ]);
  });
});

describe("Convolution2D and Deconvolution2D", () => {
  it("store their weights as Chainer and PyTorch do", () => {
    const random = new Random(1);
    const model = new Sequential(
      new Convolution2D(4, 6, [3, 2], { random, groups: 2 }),
      new Deconvolution2D(6, 5, 3, { random, noBias: true }),
    );
    const { tensors } = decodeSafetensors(serializeLink(model));
    expect(Object.entries(tensors).map(([name, { shape }]) => [name, shape])).toEqual([
      ["layers.0.b", [6]],
      ["layers.0.w", [6, 2, 3, 2]],
      ["layers.1.w", [6, 5, 3, 3]],
    ]);
    expect(model.layers).toHaveLength(2);
    expect(scope(() => model.forward(xs(2, 4, 5, 5)).shape)).toEqual([2, 5, 5, 6]);
  });

  it("learn", () => {
    const random = new Random(2);
    const truth = new Convolution2D(2, 3, 3, { random });
    const model = new Convolution2D(2, 3, 3, { random });
    const optimizer = new Adam({ alpha: 0.02 }).setup(model);
    const losses = Array.from({ length: 300 }, () =>
      scope(() => {
        const x = variable(
          Float32Array.from({ length: 8 * 2 * 25 }, () => random.normal()),
          { shape: [8, 2, 5, 5] },
        );
        const t = noBackprop(() => truth.forward(x));
        const loss = mean(square(model.forward(x).sub(t)));
        model.clearGrads();
        loss.backward();
        optimizer.update();
        return loss.item();
      }),
    );
    expect(losses[0]).toBeGreaterThan(0.5);
    expect(losses.at(-1)).toBeLessThan(1e-3);
  });

  it("add to a gradient that is there", () => {
    const layer = new Convolution2D(1, 2, 2, { random: new Random(3) });
    const once = () => sum(layer.forward(xs(2, 1, 3, 3))).backward();
    scope(once);
    const first = [...layer.w.gradData!, ...layer.b!.gradData!];
    scope(once);
    expectClose(
      [...layer.w.gradData!, ...layer.b!.gradData!],
      first.map((g) => 2 * g),
      4,
    );
  });
});

describe("BatchNormalization", () => {
  const trained = [
    -1.308558, 0.88982, -0.366396, 1.463849, 0.29277, -0.878309, 1.517928, 0.261712, -0.994504, 0.878309, -0.29277,
    -1.463849,
  ];
  const evaluated = [
    -3.379422, 1.431959, -1.317402, 3.296888, 0.659378, -1.978133, 2.806639, 0.057278, -2.692082, 1.978133, -0.659378,
    -3.296888,
  ];

  it("normalises by the batch, and by running statistics when evaluated", () => {
    const link = new BatchNormalization(2);
    scope(() => expectClose(link.forward(xs(2, 2, 1, 3)).toArray(), trained));
    expectClose(link.mean.toArray(), [-0.083333, 0]);
    expectClose(link.variance.toArray(), [2.116667, 2.3]);
    scope(() => evalMode(() => expectClose(link.forward(xs(2, 2, 1, 3)).toArray(), evaluated)));
    expectClose(link.mean.toArray(), [-0.083333, 0]);
  });

  it("has the first and second gradient of its formula", async () => {
    await openDevice("reference");
    for (const shape of [
      [4, 2],
      [2, 2, 1, 3],
    ]) {
      const inputs = [xs(...shape), variable([0.5, -1.5]), variable([0.25, 1])].map((x) => ({
        shape: x.shape,
        values: x.toArray(),
      }));
      const f = (x: Variable, gamma: Variable, beta: Variable) => {
        const link = new BatchNormalization(2);
        Object.assign(link, { gamma, beta });
        return link.forward(x);
      };
      gradientCheck(f, inputs);
      doubleGradientCheck(f, inputs, { tolerance: 1e-5 });
    }
  });

  it("saves, copies and moves its statistics with the parameters", async () => {
    const made = () => new Sequential(new BatchNormalization(2));
    const [link, copy, soft] = [made(), made(), made()];
    scope(() => void link.forward(xs(2, 2, 1, 3)));
    const numbers = (of: Sequential) => [...of.namedPersistents()].flatMap(([, x]) => x.toArray());
    const running = numbers(link);
    copy.copyParametersFrom(link);
    expect(numbers(copy)).toEqual(running);
    soft.softCopyParametersFrom(link, 0.5);
    expectClose(
      numbers(soft),
      running.map((x, i) => 0.5 * (x + (i < 2 ? 0 : 1))),
    );
    const resumed = made();
    resumed.loadState(link.saveState());
    expect(numbers(resumed)).toEqual(running);
    const loaded = made();
    const bytes = serializeLink(link);
    deserializeLink(bytes, loaded);
    expect(numbers(loaded)).toEqual(running);
    expect(Object.keys(decodeSafetensors(bytes).tensors)).toEqual([
      "layers.0.beta",
      "layers.0.gamma",
      "layers.0.mean",
      "layers.0.variance",
    ]);
    const moved = made();
    putParameters(moved, await fetchParameters(link));
    expect(numbers(moved)).toEqual(running);
  });
});

describe("recurrent links", () => {
  const transposed = (x: Variable, order: readonly number[]) => {
    const [rows, cols] = x.shape as readonly [number, number];
    const values = x.toArray();
    return Array.from({ length: cols * rows }, (_, i) => values[order[i % rows]! * cols + Math.floor(i / rows)]!);
  };

  it("LSTM gives PyTorch's numbers", () => {
    const order = [4, 5, 0, 1, 2, 3, 6, 7]; // PyTorch's i, f, a, o
    const link = new LSTM(2, 2, { random: new Random(0) });
    link.w.assign(transposed(whole(5, 7, 3, 10, [8, 2]), order));
    link.u.assign(transposed(whole(5, 7, 3, 7, [8, 2]), order));
    link.b.assign(order.map((i) => (((i * 7) % 11) - 5) / 20));
    const x = whole(7, 11, 5, 10, [3, 2, 2]);
    const wanted = [
      -0.012899, 0.002819, 0.002542, 0.010791, 0.009034, -0.062771, 0.031062, -0.049472, -0.003095, -0.042083, 0.023315,
      -0.107573,
    ];
    const { ys, state } = link.sequence(x);
    expectClose(ys.toArray(), wanted);
    expectClose(state[1]!.toArray(), [-0.005784, -0.078168, 0.041469, -0.230136]);
    // step by step, each in a scope of its own
    const rows = x.toArray();
    const stepped = [0, 1, 2].flatMap((t) =>
      scope(() => noBackprop(() => link.forward(variable(rows.slice(4 * t, 4 * t + 4), { shape: [2, 2] })).toArray())),
    );
    expectClose(stepped, wanted);
    link.resetState();
    expect(link.state).toBe(null);
  });

  it("LSTM's forget gate begins open", () => {
    expect(new LSTM(1, 2, { random: new Random(0) }).b.toArray()).toEqual([0, 0, 0, 0, 1, 1, 0, 0]);
  });

  it("GRU follows its formula", () => {
    const link = new GRU(1, 1, { random: new Random(0) });
    link.w.assign([0.5, -0.25, 0.75]);
    link.b.assign([0.1, 0.2, -0.3]);
    link.u.assign([0.4, -0.6]);
    link.uCandidate.assign([0.9]);
    const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
    let h = 0;
    const wanted = [1, -2, 0.5].map((x) => {
      const r = sigmoid(0.5 * x + 0.1 + 0.4 * h);
      const z = sigmoid(-0.25 * x + 0.2 - 0.6 * h);
      h = (1 - z) * h + z * Math.tanh(0.75 * x - 0.3 + 0.9 * r * h);
      return h;
    });
    expectClose(link.sequence(variable([[[1]], [[-2]], [[0.5]]])).ys.toArray(), wanted);
  });

  it.each([LSTM, GRU])("%o forgets where an episode begins, in the value and in the gradient", (Recurrent) => {
    const link = new Recurrent(2, 3, { random: new Random(4) });
    const x = xs(4, 2, 2);
    const continues = variable([
      [1, 1],
      [1, 0],
      [0, 1],
      [1, 1],
    ]);
    const { ys, state } = link.sequence(x, null, continues);
    expect(ys.shape).toEqual([4, 2, 3]);
    expect(state).toHaveLength(Recurrent === LSTM ? 2 : 1);
    const alone = (batch: number, from: number, to: number) => {
      const values = x.toArray();
      const rows = Array.from({ length: to - from }, (_, t) => {
        const at = ((from + t) * 2 + batch) * 2;
        return [values.slice(at, at + 2)];
      });
      return link.sequence(variable(rows)).ys.toArray();
    };
    const column = (batch: number) =>
      [0, 1, 2, 3].flatMap((t) => ys.toArray().slice((2 * t + batch) * 3, (2 * t + batch) * 3 + 3));
    expectClose(column(0), [...alone(0, 0, 2), ...alone(0, 2, 4)]);
    expectClose(column(1), [...alone(1, 0, 1), ...alone(1, 1, 4)]);
    sum(state[0]!).backward();
    const gradient = x.grad!.toArray();
    expect(gradient.slice(0, 2).concat(gradient.slice(4, 6), gradient.slice(2, 4))).toEqual([0, 0, 0, 0, 0, 0]);
    expect(gradient.slice(6).every((g) => g !== 0)).toBe(true);
  });

  it.each([LSTM, GRU])("%o has its gradients, over steps of its own state too", async (Recurrent) => {
    await openDevice("reference");
    const link = new Recurrent(2, 2, { random: new Random(5) });
    const inputs = [3, 1, 4].map((seed) => ({
      shape: [2, 2],
      values: Array.from({ length: 4 }, (_, i) => Math.sin(seed + 2 * i)),
    }));
    const f = (...steps: Variable[]) => {
      link.resetState();
      for (const x of steps) link.forward(x);
      return link.state![0]!;
    };
    gradientCheck(f, inputs);
    doubleGradientCheck(f, inputs, { tolerance: 1e-5 });
  });

  it.each([LSTM, GRU])(
    "%o goes on from what an earlier scope left, which later steps do not spoil",
    async (Recurrent) => {
      await openDevice("reference");
      const link = new Recurrent(2, 2, { random: new Random(5) });
      const loss = (u: readonly number[]) => {
        link.u.assign(u);
        scope(() => link.setState(link.initialState(2).map((part) => part.add(0.3))));
        link.clearGrads();
        return scope(() => {
          link.forward(xs(2, 2)); // reads the state from outside; the next step overwrites what is kept of it
          const y = sum(square(link.forward(ws(2, 2))));
          y.backward();
          return y.item();
        });
      };
      const u = link.u.toArray();
      loss(u);
      const analytic = [...link.u.gradData!];
      u.forEach((_, i) => {
        const at = (d: number) => loss(u.map((v, k) => (k === i ? v + d : v)));
        expect((at(1e-5) - at(-1e-5)) / 2e-5).toBeCloseTo(analytic[i]!, 6);
      });
    },
  );
});

describe("NoisyLinear", () => {
  it("draws anew each time, the same for the whole batch, from a stream that is saved", () => {
    const link = new NoisyLinear(3, 2, { random: new Random(6) });
    const x = variable([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    const run = () => scope(() => link.forward(x).toArray());
    const saved = link.saveState();
    const [first, second] = [run(), run()];
    expect(first.slice(0, 2)).toEqual(first.slice(2));
    expect(first).not.toEqual(second);
    link.loadState(saved);
    expect(run()).toEqual(first);
    expect(Object.keys(saved)).toEqual(["w", "b", "wSigma", "bSigma", "stream"]);
    // a model's file holds no noise
    const other = new NoisyLinear(3, 2, { random: new Random(7) });
    deserializeLink(serializeLink(link), other);
    expect(other.w.toArray()).toEqual(link.w.toArray());
  });

  it("without sigma is linear, and its noise has the factorised moments", () => {
    const link = new NoisyLinear(4, 1, { random: new Random(8) });
    const sigma = 0.5 / Math.sqrt(4);
    expectClose(link.wSigma.toArray(), Array(4).fill(sigma));
    link.w.assign([1, 2, 3, 4]);
    link.b.assign([0.5]);
    const samples = Array.from({ length: 4000 }, () =>
      scope(() => noBackprop(() => link.forward(variable([[1, 1, 1, 1]])).item())),
    );
    const average = samples.reduce((a, b) => a + b, 0) / samples.length;
    const variance = samples.reduce((a, b) => a + (b - average) ** 2, 0) / samples.length;
    // E f(ε)² = E |ε| = √(2/π); four weights with two factors each, and the bias with one
    const moment = Math.sqrt(2 / Math.PI);
    const wanted = sigma ** 2 * (4 * moment ** 2 + moment);
    expect(Math.abs(average - 10.5)).toBeLessThan(5 * Math.sqrt(wanted / samples.length));
    expect(Math.abs(variance / wanted - 1)).toBeLessThan(0.15);
    link.wSigma.assign([0, 0, 0, 0]);
    link.bSigma.assign([0]);
    expect(scope(() => link.forward(variable([[1, 1, 1, 1]])).item())).toBe(10.5);
  });

  it("is parity of devices: the reference draws the same", async () => {
    const run = async (name: "cpu" | "reference") => {
      await openDevice(name);
      const link = new NoisyLinear(3, 2, { random: new Random(9), activation: relu });
      return scope(() => link.forward(variable([[1, -2, 3]])).toArray());
    };
    expectClose(await run("cpu"), await run("reference"));
  });
});

describe("Maxout and PReLU", () => {
  it("Maxout takes the largest of its maps", () => {
    const link = new Maxout(1, 2, 2, { random: new Random(0) });
    link.linear.w.assign([1, -1, 2, 0.5]);
    expect(scope(() => link.forward(variable([[3], [-2]])).toNested())).toEqual([
      [3, 6],
      [2, -1],
    ]);
  });

  it("PReLU has a slope for all or a slope a channel", () => {
    expect(scope(() => new PReLU().forward(variable([[-4, 2]])).toArray())).toEqual([-1, 2]);
    const link = new PReLU({ shape: [2] });
    link.w.assign([0.5, 2]);
    const x = variable([-1, 2, -3, 4], { shape: [1, 2, 2, 1] });
    scope(() => {
      const y = link.forward(x);
      expect(y.toArray()).toEqual([-0.5, 2, -6, 4]);
      sum(y).backward();
    });
    expect([...link.w.gradData!]).toEqual([-1, -3]);
    expect(link.w).toBeInstanceOf(Parameter);
    expect(backend().name).toBe("cpu");
  });
});
