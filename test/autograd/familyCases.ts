/** Operations that are no formula, case by case. */
import {
  averagePooling2d,
  broadcast,
  broadcastTo,
  concat,
  conv2d,
  deconv2d,
  embedId,
  exp,
  expandDims,
  flatten,
  getItem,
  linear,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  maxPooling2d,
  mean,
  meanSquaredError,
  min,
  pad,
  relu,
  reshape,
  scale,
  sigmoid,
  softmax,
  splitAxis,
  sqrt,
  square,
  squeeze,
  stack,
  sum,
  tanh,
  transpose,
  type Variable,
} from "../../src/autograd/index.ts";
import { Random } from "../../src/random.ts";
import { type Case, draw, type TensorFunction } from "./opCases.ts";

const random = new Random("families");

/** One case: inputs of the given shapes, drawn from [-2, 2]; or tensors as they are. */
function given(f: TensorFunction, ...shapes: readonly (readonly number[])[]): Case {
  return { f, inputs: shapes.map((shape) => draw(random, shape, [-2, 2])) };
}

const small = [[1, 1, 3, 3], [2, 1, 2, 2], [2]] as const;
const both = (parts: readonly Variable[]): Variable => parts.map((x) => sum(x.mul(x))).reduce((a, b) => a.add(b));
const ids = { shape: [2, 3], values: [3, 0, 1, 3, 3, 2] };

export const familyCases: Record<string, Case[]> = {
  matmul: [
    given((a, b) => matmul(a, b), [2, 3], [3, 4]),
    given((a, b) => matmul(a, b, { transposeA: true }), [3, 2], [3, 4]),
    given((a, b) => matmul(a, b, { transposeB: true }), [2, 3], [4, 3]),
    given((a, b) => matmul(a, b, { transposeA: true, transposeB: true }), [3, 2], [4, 3]),
    given((a, b) => matmul(a, b), [1, 1], [1, 1]),
    given((a, b) => matmul(a, b), [5, 1], [1, 9]),
    given((a, b) => matmul(a, b), [4], [4]),
    given((a, b) => matmul(a, b), [4], [4, 3]),
    given((a, b) => matmul(a, b), [3, 4], [4]),
    given((a, b) => matmul(a, b, { transposeB: true }), [4], [3, 4]),
    given((a, b) => matmul(a, b), [2, 2, 3], [2, 3, 2]),
    given((a, b) => matmul(a, b, { transposeA: true }), [2, 3, 2], [2, 3, 2]),
    given((a, b) => matmul(a, b, { transposeB: true }), [2, 2, 3], [2, 2, 3]),
    given((a, b) => matmul(a, b, { transposeA: true, transposeB: true }), [1, 2, 3, 2], [1, 2, 2, 3]),
    given((a) => matmul(a, a), [3, 3]),
  ],
  linear: [
    given((x, w) => linear(x, w), [3, 4], [4, 2]),
    given((x, w, b) => linear(x, w, b), [3, 4], [4, 5], [5]),
    given((x, w, b) => linear(x, w, b), [4], [4, 5], [5]),
    given((x, w, b) => linear(x, w, b, tanh), [2, 2, 3], [3, 4], [4]),
    ...[relu, tanh, sigmoid, exp].flatMap((activation) => [
      given((x, w) => linear(x, w, null, activation as never), [3, 2], [2, 5]),
      given((x, w, b) => linear(x, w, b, activation as never), [5, 3], [3, 4], [4]),
    ]),
    given((x, w, b) => linear(x.mul(x), w.mul(w).add(0.5), b.mul(b), sqrt as never), [3, 2], [2, 3], [3]),
    given((x, w, b) => linear(x, w, b, square as never), [3, 2], [2, 3], [3]),
    given((x, w) => linear([x], w), [3, 4], [4, 2]),
    given((x, x2, w) => linear([x, x2], w), [3, 4], [3, 1], [5, 2]),
    given((x, x2, w, b) => linear([x, x2], w, b, tanh), [3, 2], [3, 3], [5, 2], [2]),
    given((x, x2, w, b) => linear([x, x2, x], w, b, square as never), [2, 2, 1], [2, 2, 2], [4, 3], [3]),
    given((x, x2, w) => linear([x.mul(x), x2], w.mul(w), null, sigmoid), [3, 2], [3, 1], [3, 4]),
  ],
  reshape: [given((x) => reshape(x, [3, 2]), [2, 3]), given((x) => reshape(x, [-1, 2]), [2, 3, 2])],
  shapes: [
    given((x) => expandDims(x, -1), [2, 3]),
    given((x) => expandDims(x, 1), [2, 3]),
    given((x) => squeeze(x), [1, 3, 1]),
    given((x) => squeeze(x, -1), [3, 1]),
    given((x) => flatten(x), [2, 3]),
  ],
  transpose: [
    given((x) => transpose(x), [3, 5]),
    given((x) => transpose(x), [8, 9]),
    given((x) => transpose(x), [2, 3, 4]),
    given((x) => transpose(x, [0, 2, 1]), [2, 5, 6]),
    given((x) => transpose(x, [2, 0, 1]), [2, 3, 2]),
    given((x) => transpose(x, [-1, 0]), [4, 3]),
    given((x) => transpose(x), []),
  ],
  broadcastTo: [
    given((x) => broadcastTo(x, [2, 3]), [3]),
    given((x) => broadcastTo(x, [2, 3]), [2, 1]),
    given((x) => broadcastTo(x, [2, 3]), []),
    given((x) => broadcastTo(x, [2, 3, 2]), [3, 1]),
    given((x) => broadcastTo(x, [4, 3, 2]), [4, 1, 2]),
    given(
      (a, b) => {
        const [x, y] = broadcast(a, b);
        return x!.mul(y!);
      },
      [3, 1],
      [1, 4],
    ),
  ],
  getItem: [
    given((x) => getItem(x, 1), [3, 4]),
    given((x) => getItem(x, null, -1), [3, 4]),
    given((x) => getItem(x, 0, 2), [3, 4]),
    given((x) => getItem(x, { start: 1 }, { stop: -1 }), [3, 4]),
    given((x) => getItem(x, { step: 2 }, { step: -1 }), [3, 4]),
    given((x) => getItem(x, { start: -1, step: -2 }, { start: 2, stop: 0, step: -1 }), [5, 4]),
    given((x) => getItem(x, null, 1, { start: 1, step: 2 }), [2, 3, 5]),
  ],
  pad: [given((x) => pad(x, [1, 0], [0, 2]), [2, 3]), given((x) => pad(x, [2], [1]), [3])],
  splitAxis: [
    given((x) => both(splitAxis(x, 2, 1)), [2, 4]),
    given((x) => both(splitAxis(x, [1, 3], -1)), [2, 4]),
    given((x) => splitAxis(x, [1], 0)[1]!, [3, 2]),
  ],
  concat: [
    given((a, b) => concat([a, b]), [2, 3], [2, 1]),
    given((a, b, c) => concat([a, b, c], 0), [2, 3], [1, 3], [3, 3]),
    given((a, b) => concat([a, b], -1), [2, 2, 1], [2, 2, 4]),
    given((a) => concat([a, a], 0), [2, 3]),
  ],
  stack: [
    given((a, b) => stack([a, b]), [2, 3], [2, 3]),
    given((a, b) => stack([a, b], 1), [2, 3], [2, 3]),
    given((a, b) => stack([a, b], -1), [2], [2]),
  ],
  embedId: [
    { f: (i, w) => embedId(i, w), inputs: [ids, draw(random, [4, 5], [-2, 2])], which: [1] },
    { f: (i, w) => embedId(i, w), inputs: [ids, draw(random, [4], [-2, 2])], which: [1] },
    { f: (i, w) => embedId(i, w), inputs: [ids, draw(random, [4, 2, 3], [-2, 2])], which: [1] },
  ],
  scale: [
    given((x, y) => scale(x, y, 0), [3, 2], [3]),
    given((x, y) => scale(x, y), [2, 3, 2], [3]),
    given((x, y) => scale(x, y, 1), [2, 3, 2], [3, 2]),
  ],
  conv2d: [
    given((x, w) => conv2d(x, w), [1, 1, 1, 1], [1, 1, 1, 1]),
    given((x, w) => conv2d(x, w), [2, 2, 4, 3], [3, 2, 2, 3]),
    given((x, w, b) => conv2d(x, w, b), [2, 1, 3, 4], [5, 1, 3, 2], [5]),
    given((x, w, b) => conv2d(x, w, b, { stride: 2, activation: tanh }), [1, 2, 5, 6], [2, 2, 3, 2], [2]),
    given((x, w, b) => conv2d(x, w, b, { padding: 1, activation: relu }), [2, 1, 2, 3], [2, 1, 3, 3], [2]),
    given((x, w) => conv2d(x, w, null, { stride: [3, 2], padding: [2, 1] }), [1, 1, 5, 4], [1, 1, 2, 3]),
    given((x, w) => conv2d(x, w, null, { dilation: [2, 1], padding: [0, 1] }), [1, 2, 5, 2], [2, 2, 2, 3]),
    given((x, w) => conv2d(x, w, null, { stride: 2, dilation: 3, padding: 2 }), [1, 1, 5, 4], [2, 1, 2, 2]),
    given((x, w, b) => conv2d(x, w, b, { groups: 2, stride: [1, 2] }), [2, 4, 2, 3], [4, 2, 2, 2], [4]),
    given((x, w) => conv2d(x, w, null, { groups: 3, padding: 1 }), [1, 3, 2, 3], [3, 1, 3, 3]),
    given((x, w) => conv2d(x, w), [1, 9, 2, 2], [9, 9, 1, 1]),
    given((x, w, b) => conv2d(x.mul(x), w.mul(w).add(0.5), b.mul(b), { activation: square as never }), ...small),
    given((x) => conv2d(x, x), [2, 2, 2, 2]),
  ],
  deconv2d: [
    given((x, w) => deconv2d(x, w), [2, 2, 3, 2], [2, 3, 2, 3]),
    given((x, w, b) => deconv2d(x, w, b, { stride: 2, padding: 1 }), [1, 2, 3, 2], [2, 2, 3, 3], [2]),
    given((x, w) => deconv2d(x, w, null, { stride: [3, 2], outSize: [6, 4] }), [1, 1, 2, 2], [1, 2, 2, 1]),
    given((x, w) => deconv2d(x, w, null, { dilation: 2, groups: 2 }), [1, 4, 2, 2], [4, 1, 2, 2]),
  ],
  maxPooling2d: [
    given((x) => maxPooling2d(x, 2), [2, 2, 4, 4]),
    given((x) => maxPooling2d(x, 2), [1, 2, 3, 5]),
    given((x) => maxPooling2d(x, 2, { coverAll: false }), [1, 2, 3, 5]),
    given((x) => maxPooling2d(x, [3, 2], { stride: 1, padding: 1 }), [1, 2, 3, 3]),
  ],
  averagePooling2d: [
    given((x) => averagePooling2d(x, 2), [2, 2, 4, 5]),
    given((x) => averagePooling2d(x.mul(x), 3, { stride: [1, 2], padding: [2, 1] }), [1, 2, 3, 4]),
  ],
  meanSquaredError: [given((a, b) => meanSquaredError(a, b), [3, 2], [3, 2])],
  ...Object.fromEntries(
    Object.entries({ sum, mean, max, min, logSumExp }).map(([name, reduce]) => [
      name,
      [
        given((x) => reduce(x), [3, 4]),
        given((x) => reduce(x), []),
        given((x) => reduce(x, 0), [3, 4]),
        given((x) => reduce(x, -1), [2, 3, 2]),
        given((x) => reduce(x, 1), [2, 3, 2]),
        given((x) => reduce(x, [0, 2]), [2, 3, 2]),
        given((x) => reduce(x, [2, 1]), [2, 2, 3]),
        given((x) => reduce(x, [0, -1], true), [2, 3, 2]),
        given((x) => reduce(x, undefined, true), [2, 3]),
        given((x) => x.sub(reduce(x, 0, true)), [3, 4]),
      ],
    ]),
  ),
  ...Object.fromEntries(
    Object.entries({ softmax, logSoftmax }).map(([name, normalise]) => [
      name,
      [
        given((x) => normalise(x), [4]),
        given((x) => normalise(x, 0), [3, 4]),
        given((x) => normalise(x, 1), [2, 3, 2]),
        given((x) => normalise(x, -3), [2, 3, 2]),
      ],
    ]),
  ),
};
