/**
 * The WGSL bodies of convolution and of windows, each a gather: no two invocations write the same number. Sizes are
 * numbers of the launch, two to a word, so that every geometry runs the same pipeline.
 */
import type { MatmulSpec } from "../kernel/backend.ts";
import { input, topological } from "../kernel/expression.ts";
import type { Convolution, Windows } from "../kernel/windows.ts";
import { elementwise, ofRows, reads, writes } from "./families.ts";
import { type RecordedLaunch, type Shader, workgroupSize } from "./shader.ts";
import { number, WgslPrinter, word } from "./wgsl.ts";

const two = (low: number, high: number) => low | (high << 16);

/** The whole numbers of a launch: four addresses (in elements), then the geometry. */
export function windowNumbers(addresses: readonly number[], of: Windows): number[] {
  const { height, width, outHeight, outWidth, kernel, stride, padding, dilation } = of;
  return [
    ...[0, 1, 2, 3].map((i) => addresses[i] ?? 0),
    two(height, width),
    two(outHeight, outWidth),
    two(kernel[0], kernel[1]),
    two(stride[0], stride[1]),
    two(padding[0], padding[1]),
    two(dilation[0], dilation[1]),
  ];
}

export function convolutionNumbers(addresses: readonly number[], of: Convolution): number[] {
  const { channels, outChannels, groups } = of;
  return [...windowNumbers(addresses, of), channels / groups, outChannels / groups, groups];
}

const geometry = `  let size = vec2<i32>(unpack(${word(4)}));
  let outSize = vec2<i32>(unpack(${word(5)}));
  let kernel = vec2<i32>(unpack(${word(6)}));
  let stride = vec2<i32>(unpack(${word(7)}));
  let padding = vec2<i32>(unpack(${word(8)}));
  let dilation = vec2<i32>(unpack(${word(9)}));
`;
const channels = `  let inEach = i32(${word(10)});
  let outEach = i32(${word(11)});
  let parts = i32(${word(12)});
`;

/** The sizes that a launch carries, as `windowNumbers` packed them. */
function geometryOf({ whole }: RecordedLaunch) {
  const pair = (i: number): [number, number] => [whole[i]! & 0xffff, whole[i]! >>> 16];
  const [[height, width], [outHeight, outWidth], [kernelHeight, kernelWidth]] = [pair(4), pair(5), pair(6)];
  const [inEach, outEach, groups] = whole.slice(10, 13) as [number, number, number];
  return {
    plane: height * width,
    outPlane: outHeight * outWidth,
    taps: kernelHeight * kernelWidth,
    inEach,
    outEach,
    groups,
  };
}

/** A line for each of the channels that one invocation computes. */
const forEach = (channelTile: number) => (line: (j: number) => string) =>
  Array.from({ length: channelTile }, (_, j) => line(j)).join("");

/**
 * y = activation(x ∗ w + bias), `channelTile` channels an invocation, which share what they read; `rows` counts tiles of channels
 * times windows; addresses x, w, bias, y.
 */
export function convolutionShader({ bias, activation }: MatmulSpec, channelTile: number): Shader {
  const each = forEach(channelTile);
  const finish = (j: number) => {
    const printer = new WgslPrinter(() => "z");
    printer.bind(input(0, "element"), "z");
    const result = activation ? printer.evaluate([activation]) : { lines: [], values: ["z"] };
    return `    if (first + ${j} < outEach) {
      let z = sum${j}${bias ? ` + m[i32(${word(2)}) + g * outEach + first + ${j}]` : ""};
${result.lines.map((line) => `      ${line}\n`).join("")}      m[y + ${j} * plane] = ${result.values[0]};
    }
`;
  };
  return elementwise({
    name: `convolution ${channelTile} ${bias} ${activation ? topological([activation]).at(-1)!.id : -1}`,
    count: ofRows,
    body: `${geometry}${channels}    let plane = outSize.x * outSize.y;
    let tiles = (outEach + ${channelTile - 1}) / ${channelTile};
    let at = i32(i) % plane;
    let corner = stride * vec2<i32>(at / outSize.y, at % outSize.y) - padding;
    let first = i32(i) / plane % tiles * ${channelTile};
    let g = i32(i) / (plane * tiles) % parts;
    let n = i32(i) / (plane * tiles * parts);
    let y = i32(${word(3)}) + ((n * parts + g) * outEach + first) * plane + at;
    let taps = kernel.x * kernel.y;
    let x = i32(${word(0)}) + (n * parts + g) * inEach * size.x * size.y;
${each((j) => `    let w${j} = i32(${word(1)}) + (g * outEach + min(first + ${j}, outEach - 1)) * inEach * taps;\n`)}${each((j) => `    var sum${j} = 0f;\n`)}    for (var c = 0; c < inEach; c++) {
      for (var ky = 0; ky < kernel.x; ky++) {
        let row = corner.x + ky * dilation.x;
        if (row < 0 || row >= size.x) { continue; }
        for (var kx = 0; kx < kernel.y; kx++) {
          let col = corner.y + kx * dilation.y;
          if (col < 0 || col >= size.y) { continue; }
          let value = m[x + (c * size.x + row) * size.y + col];
          let tap = c * taps + ky * kernel.y + kx;
${each((j) => `          sum${j} = fma(value, m[w${j} + tap], sum${j});\n`)}        }
      }
    }
${each(finish)}`,
    accesses(launch) {
      const { rows, whole } = launch;
      const { plane, outPlane, taps, inEach, outEach, groups } = geometryOf(launch);
      const batch = rows / (groups * Math.ceil(outEach / channelTile) * outPlane);
      return [
        reads(whole[0]!, batch * groups * inEach * plane),
        reads(whole[1]!, groups * outEach * inEach * taps),
        ...(bias ? [reads(whole[2]!, groups * outEach)] : []),
        writes(whole[3]!, batch * groups * outEach * outPlane),
      ];
    },
    inner: (launch) => {
      const { inEach, taps } = geometryOf(launch);
      return inEach * taps;
    },
  });
}

/** gx from gy and w; `rows` counts tiles of channels times elements of a plane; addresses gy, w, gx. */
export function convolutionInputShader(channelTile: number): Shader {
  const each = forEach(channelTile);
  return elementwise({
    name: `convolutionInput ${channelTile}`,
    count: ofRows,
    body: `${geometry}${channels}    let plane = size.x * size.y;
    let tiles = (inEach + ${channelTile - 1}) / ${channelTile};
    let at = i32(i) % plane;
    let corner = vec2<i32>(at / size.y, at % size.y) + padding;
    let first = i32(i) / plane % tiles * ${channelTile};
    let g = i32(i) / (plane * tiles) % parts;
    let n = i32(i) / (plane * tiles * parts);
    let gx = i32(${word(2)}) + ((n * parts + g) * inEach + first) * plane + at;
    let taps = kernel.x * kernel.y;
    let gy = i32(${word(0)}) + (n * parts + g) * outEach * outSize.x * outSize.y;
${each((j) => `    let w${j} = i32(${word(1)}) + (g * outEach * inEach + min(first + ${j}, inEach - 1)) * taps;\n`)}${each((j) => `    var sum${j} = 0f;\n`)}    for (var ky = 0; ky < kernel.x; ky++) {
      let down = corner.x - ky * dilation.x;
      if (down < 0 || down % stride.x != 0 || down / stride.x >= outSize.x) { continue; }
      for (var kx = 0; kx < kernel.y; kx++) {
        let across = corner.y - kx * dilation.y;
        if (across < 0 || across % stride.y != 0 || across / stride.y >= outSize.y) { continue; }
        let window = down / stride.x * outSize.y + across / stride.y;
        for (var o = 0; o < outEach; o++) {
          let value = m[gy + o * outSize.x * outSize.y + window];
          let tap = o * inEach * taps + ky * kernel.y + kx;
${each((j) => `          sum${j} = fma(value, m[w${j} + tap], sum${j});\n`)}        }
      }
    }
${each((j) => `    if (first + ${j} < inEach) { m[gx + ${j} * plane] = sum${j}; }\n`)}`,
    accesses(launch) {
      const { rows, whole } = launch;
      const { plane, outPlane, taps, inEach, outEach, groups } = geometryOf(launch);
      const batch = rows / (groups * Math.ceil(inEach / channelTile) * plane);
      return [
        reads(whole[0]!, batch * groups * outEach * outPlane),
        reads(whole[1]!, groups * outEach * inEach * taps),
        writes(whole[2]!, batch * groups * inEach * plane),
      ];
    },
    inner: (launch) => {
      const { outEach, taps } = geometryOf(launch);
      return outEach * taps;
    },
  });
}

/**
 * gw = or += from x and gy; `rows` counts the elements of w, a workgroup for each, `cols` images; addresses x, gy, gw.
 * The lanes of a workgroup share the windows of all images, and add up what they found always in the same order.
 */
export const convolutionWeightShader = (accumulate: boolean): Shader => ({
  name: `convolutionWeight ${accumulate}`,
  body: `${geometry}${channels}  let taps = kernel.x * kernel.y;
  let plane = outSize.x * outSize.y;
  for (var i = group.x; i < l.rows; i += groups.x) {
    let tap = i32(i) % taps;
    let c = i32(i) / taps % inEach;
    let o = i32(i) / (taps * inEach);
    let shift = vec2<i32>(tap / kernel.y, tap % kernel.y) * dilation - padding;
    var sum = 0f;
    for (var k = i32(lane); k < i32(l.cols) * plane; k += ${workgroupSize}) {
      let n = k / plane;
      let window = k % plane;
      let at = vec2<i32>(window / outSize.y, window % outSize.y) * stride + shift;
      if (any(at < vec2<i32>(0)) || any(at >= size)) { continue; }
      let x = i32(${word(0)}) + ((n * parts + o / outEach) * inEach + c) * size.x * size.y;
      let gy = i32(${word(1)}) + (n * parts * outEach + o) * plane;
      sum = fma(m[x + at.x * size.y + at.y], m[gy + window], sum);
    }
    let total = sumOfLanes(lane, sum);
    if (lane == 0u) {
      let gw = ${word(2)} + i;
      m[gw] = ${accumulate ? "m[gw] + " : ""}total;
    }
  }
`,
  form: "rows",
  changing: [],
  accesses(launch) {
    const { rows, cols: batch, whole } = launch;
    const { plane, outPlane, inEach, outEach, groups } = geometryOf(launch);
    return [
      reads(whole[0]!, batch * groups * inEach * plane),
      reads(whole[1]!, batch * groups * outEach * outPlane),
      writes(whole[2]!, rows, "row"),
    ];
  },
  cost: (launch) => {
    const { rows, cols, groupsX } = launch;
    return Math.ceil(rows / groupsX) * (Math.ceil((cols * geometryOf(launch).outPlane) / workgroupSize) + 6);
  },
});

/** out (planes, windows, taps) of x; `rows` counts the numbers of out; addresses x, out; number 0 stands beyond x. */
export const windowsShader: Shader = elementwise({
  name: "windows",
  count: ofRows,
  body: `${geometry}    let taps = kernel.x * kernel.y;
    let windows = outSize.x * outSize.y;
    let tap = i32(i) % taps;
    let window = i32(i) / taps % windows;
    let at = vec2<i32>(window / outSize.y, window % outSize.y) * stride
      + vec2<i32>(tap / kernel.y, tap % kernel.y) * dilation - padding;
    var value = ${number(0)};
    if (all(at >= vec2<i32>(0)) && all(at < size)) {
      value = m[i32(${word(0)}) + (i32(i) / (taps * windows) * size.x + at.x) * size.y + at.y];
    }
    m[${word(1)} + i] = value;`,
  accesses(launch) {
    const { rows, whole } = launch;
    const { plane, outPlane, taps } = geometryOf(launch);
    return [reads(whole[0]!, (rows / (outPlane * taps)) * plane), writes(whole[1]!, rows, "element")];
  },
});

/** gx, the sums of what windows give to each element; `rows` counts the numbers of gx; addresses g, gx. */
export const windowsAdjointShader: Shader = elementwise({
  name: "windowsAdjoint",
  count: ofRows,
  body: `${geometry}    let plane = size.x * size.y;
    let at = i32(i) % plane;
    let corner = vec2<i32>(at / size.y, at % size.y) + padding;
    let g = i32(${word(0)}) + i32(i) / plane * outSize.x * outSize.y * kernel.x * kernel.y;
    var sum = 0f;
    for (var ky = 0; ky < kernel.x; ky++) {
      let down = corner.x - ky * dilation.x;
      if (down < 0 || down % stride.x != 0 || down / stride.x >= outSize.x) { continue; }
      for (var kx = 0; kx < kernel.y; kx++) {
        let across = corner.y - kx * dilation.y;
        if (across < 0 || across % stride.y != 0 || across / stride.y >= outSize.y) { continue; }
        let window = down / stride.x * outSize.y + across / stride.y;
        sum += m[g + (window * kernel.x + ky) * kernel.y + kx];
      }
    }
    m[${word(1)} + i] = sum;`,
  accesses(launch) {
    const { rows, whole } = launch;
    const { plane, outPlane, taps } = geometryOf(launch);
    return [reads(whole[0]!, (rows / plane) * outPlane * taps), writes(whole[1]!, rows, "element")];
  },
  inner: (launch) => geometryOf(launch).taps,
});
