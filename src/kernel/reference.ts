/**
 * The float64 backend: every kernel and family evaluated number by number in plain JavaScript. It is the oracle that
 * the fast backends are tested against, and what gradients are checked on; it is slow.
 */
import { InternalError } from "../errors.ts";
import { type Backend, type Families, isFlat, type Kernel, type Launch } from "./backend.ts";
import { type Expression, topological } from "./expression.ts";
import { Memory } from "./memory.ts";
import { philox4x32 } from "./philox.ts";
import { loopNest } from "./strides.ts";
import { type Convolution, forEachTap } from "./windows.ts";

export class JsMemory extends Memory {
  floats = new Float64Array(65536);

  override grow(bytes: number): void {
    const needed = (bytes + 64) / 4;
    if (needed <= this.floats.length) return;
    const larger = new Float64Array(Math.max(needed, 2 * this.floats.length));
    larger.set(this.floats);
    this.floats = larger;
    this.generation++;
  }
}

const unary: Partial<Record<Expression["kind"], (a: number) => number>> = {
  neg: (a) => -a,
  abs: Math.abs,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  tanh: Math.tanh,
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  sin: Math.sin,
  cos: Math.cos,
  floor: Math.floor,
  stop: (a) => a,
  spread: (a) => a,
};

const binary: Partial<Record<Expression["kind"], (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: Math.min,
  max: Math.max,
  eq: (a, b) => (a === b ? 1 : 0),
  lt: (a, b) => (a < b ? 1 : 0),
  le: (a, b) => (a <= b ? 1 : 0),
};

/** The value of every node at one element, given the leaves and the reductions already known. */
function evaluateNode(x: Expression, value: Map<Expression, number>): number {
  const [a, b, c] = x.args.map((arg) => value.get(arg)!) as [number, number, number];
  const one = unary[x.kind];
  if (one) return one(a);
  const two = binary[x.kind];
  if (two) return two(a, b);
  if (x.kind === "select") return a !== 0 ? b : c;
  throw new InternalError(`reference: no evaluation for ${x.kind}; got ${x}.`);
}

export function referenceLaunch(kernel: Kernel, memory: Memory): Launch {
  const { inputs, outputs, inPlace } = kernel;
  const firstInput = inPlace ? 0 : outputs.length;
  const nodes = topological(outputs);
  const flat = isFlat(kernel);
  const dependsOnElement = (x: Expression) => x.level === "element";
  return (rows, cols, ...rest) => {
    const floats = memory.floats;
    const pointers = rest.slice(0, 8).map((p) => p >> 2);
    const scalars = rest.slice(8);
    for (let r = 0; r < (flat ? 1 : rows); r++) {
      const rowValues = new Map<Expression, number>();
      const leaf = (x: Expression, c: number): number => {
        const base = pointers[firstInput + x.value]!;
        const kind = inputs[x.value];
        const at = kind === "element" ? r * cols + c : kind === "column" ? c : kind === "row" ? r : 0;
        return floats[base + at]!;
      };
      const at = (x: Expression, c: number, values: Map<Expression, number>): number => {
        const known = rowValues.get(x) ?? values.get(x);
        if (known !== undefined) return known;
        let result: number;
        if (x.kind === "const") result = x.value;
        else if (x.kind === "scalar") result = scalars[x.value]!;
        else if (x.kind === "input") result = leaf(x, c);
        else if (x.kind === "colIndex") result = c;
        else if (x.kind === "rowLen") result = cols;
        else {
          for (const arg of x.args) values.set(arg, at(arg, c, values));
          result = evaluateNode(x, values);
        }
        values.set(x, result);
        return result;
      };
      // reductions in the order of their nesting
      for (const x of nodes) {
        if (x.kind !== "rowSum" && x.kind !== "rowMax") continue;
        let result = x.kind === "rowSum" ? 0 : Number.NEGATIVE_INFINITY;
        for (let c = 0; c < cols; c++) {
          const value = at(x.args[0]!, c, new Map());
          result = x.kind === "rowSum" ? result + value : Math.max(result, value);
        }
        rowValues.set(x, result);
      }
      // all outputs of an element before any is stored: they may stand in the place of inputs
      for (let c = 0; c < cols; c++) {
        const values = new Map<Expression, number>();
        const results = outputs.map((y) => (dependsOnElement(y) || flat ? at(y, c, values) : 0));
        outputs.forEach((y, i) => {
          if (dependsOnElement(y) || flat) floats[pointers[i]! + r * cols + c] = results[i]!;
        });
      }
      outputs.forEach((y, i) => {
        if (y.level === "row" && !flat) floats[pointers[i]! + r] = at(y, 0, new Map());
      });
    }
  };
}

/** An epilogue as a function of one number. */
function activate(activation: Expression | null, x: number): number {
  if (!activation) return x;
  const values = new Map<Expression, number>();
  for (const y of topological([activation])) {
    values.set(y, y.kind === "input" ? x : y.kind === "const" ? y.value : evaluateNode(y, values));
  }
  return values.get(activation)!;
}

/** Calls the body with the indices of every product of x and w that a convolution adds to y. */
function forEachProduct(of: Convolution, body: (x: number, w: number, y: number) => void): void {
  const { batch, channels, outChannels, groups, height, width, kernel, outHeight, outWidth } = of;
  const [inEach, outEach] = [channels / groups, outChannels / groups];
  const taps = kernel[0] * kernel[1];
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outChannels; o++) {
      for (let i = 0; i < inEach; i++) {
        const x = (n * channels + Math.floor(o / outEach) * inEach + i) * height * width;
        const y = (n * outChannels + o) * outHeight * outWidth;
        const w = (o * inEach + i) * taps;
        forEachTap(of, (at, window, tap) => body(x + at, w + tap, y + window));
      }
    }
  }
}

export function referenceFamilies(memory: Memory): Families {
  return {
    matmul({ bias: hasBias, activation }) {
      return (rows, inner, cols, a, b, bias, y, transposeA, transposeB, accumulate) => {
        const f = memory.floats;
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < cols; j++) {
            let sum = 0;
            for (let k = 0; k < inner; k++) {
              const left = f[(a >> 2) + (transposeA ? k * rows + i : i * inner + k)]!;
              const right = f[(b >> 2) + (transposeB ? j * inner + k : k * cols + j)]!;
              sum += left * right;
            }
            const at = (y >> 2) + i * cols + j;
            if (accumulate) sum += f[at]!;
            if (hasBias) sum += f[(bias >> 2) + j]!;
            f[at] = activate(activation, sum);
          }
        }
      };
    },
    convolution({ bias: hasBias, activation }) {
      return (of, x, w, bias, y) => {
        const f = memory.floats;
        const plane = of.outHeight * of.outWidth;
        const size = of.batch * of.outChannels * plane;
        f.fill(0, y >> 2, (y >> 2) + size);
        forEachProduct(of, (i, j, k) => {
          f[(y >> 2) + k]! += f[(x >> 2) + i]! * f[(w >> 2) + j]!;
        });
        for (let k = 0; k < size; k++) {
          const added = hasBias ? f[(bias >> 2) + (Math.floor(k / plane) % of.outChannels)]! : 0;
          f[(y >> 2) + k] = activate(activation, f[(y >> 2) + k]! + added);
        }
      };
    },
    convolutionInput(of, gy, w, gx) {
      const f = memory.floats;
      f.fill(0, gx >> 2, (gx >> 2) + of.batch * of.channels * of.height * of.width);
      forEachProduct(of, (i, j, k) => {
        f[(gx >> 2) + i]! += f[(gy >> 2) + k]! * f[(w >> 2) + j]!;
      });
    },
    convolutionWeight(of, x, gy, gw, accumulate) {
      const f = memory.floats;
      const size = (of.outChannels * of.channels * of.kernel[0] * of.kernel[1]) / of.groups;
      if (!accumulate) f.fill(0, gw >> 2, (gw >> 2) + size);
      forEachProduct(of, (i, j, k) => {
        f[(gw >> 2) + j]! += f[(x >> 2) + i]! * f[(gy >> 2) + k]!;
      });
    },
    windows(of, planes, x, out, beyond) {
      const f = memory.floats;
      const [plane, taps] = [of.height * of.width, of.kernel[0] * of.kernel[1]];
      const size = of.outHeight * of.outWidth * taps;
      f.fill(beyond, out >> 2, (out >> 2) + planes * size);
      for (let p = 0; p < planes; p++) {
        forEachTap(of, (at, window, tap) => {
          f[(out >> 2) + p * size + window * taps + tap] = f[(x >> 2) + p * plane + at]!;
        });
      }
    },
    windowsAdjoint(of, planes, g, gx) {
      const f = memory.floats;
      const [plane, taps] = [of.height * of.width, of.kernel[0] * of.kernel[1]];
      const size = of.outHeight * of.outWidth * taps;
      f.fill(0, gx >> 2, (gx >> 2) + planes * plane);
      for (let p = 0; p < planes; p++) {
        forEachTap(of, (at, window, tap) => {
          f[(gx >> 2) + p * plane + at]! += f[(g >> 2) + p * size + window * taps + tap]!;
        });
      }
    },
    columnSum(rows, cols, x, out, accumulate) {
      const f = memory.floats;
      for (let c = 0; c < cols; c++) {
        let sum = accumulate ? f[(out >> 2) + c]! : 0;
        for (let r = 0; r < rows; r++) sum += f[(x >> 2) + r * cols + c]!;
        f[(out >> 2) + c] = sum;
      }
    },
    stridedCopy(shape, source, sourceStrides, target, targetStrides, accumulate) {
      const f = memory.floats;
      const nest = loopNest(shape, sourceStrides, targetStrides);
      nest.forEach((s, t) => {
        for (let r = 0; r < nest.rows; r++) {
          for (let c = 0; c < nest.cols; c++) {
            const value = f[(source >> 2) + s + r * nest.sourceRow + c * nest.sourceCol]!;
            const at = (target >> 2) + t + r * nest.targetRow + c * nest.targetCol;
            f[at] = accumulate ? f[at]! + value : value;
          }
        }
      });
    },
    gatherRows(count, cols, _tableRows, table, index, out) {
      const f = memory.floats;
      for (let i = 0; i < count; i++) {
        const row = (table >> 2) + f[(index >> 2) + i]! * cols;
        for (let c = 0; c < cols; c++) f[(out >> 2) + i * cols + c] = f[row + c]!;
      }
    },
    scatterAddRows(count, cols, _tableRows, x, index, table) {
      const f = memory.floats;
      for (let i = 0; i < count; i++) {
        const row = (table >> 2) + f[(index >> 2) + i]! * cols;
        for (let c = 0; c < cols; c++) f[row + c]! += f[(x >> 2) + i * cols + c]!;
      }
    },
    copy(count, source, target, accumulate) {
      const f = memory.floats;
      for (let i = 0; i < count; i++) {
        const value = f[(source >> 2) + i]!;
        f[(target >> 2) + i] = accumulate ? f[(target >> 2) + i]! + value : value;
      }
    },
    fill(count, out, value) {
      memory.floats.fill(value, out >> 2, (out >> 2) + count);
    },
    randomUniform(count, out, key0, key1, block) {
      for (let i = 0; i < count; i += 4) {
        const words = philox4x32([(block + i / 4) >>> 0, 0, 0, 0], [key0, key1]);
        for (let k = 0; k < 4 && i + k < count; k++) memory.floats[(out >> 2) + i + k] = (words[k]! >>> 8) * 2 ** -24;
      }
    },
  };
}

export function createReferenceBackend(): Backend {
  const memory = new JsMemory();
  return {
    name: "reference",
    variant: "float64",
    memory,
    families: referenceFamilies(memory),
    compile: (kernel) => referenceLaunch(kernel, memory),
    adapter: null,
    turn: async () => {},
  };
}
