/**
 * The WGSL bodies of convolution and of windows, each a gather: no two invocations write the same number. Sizes are
 * numbers of the launch, two to a word, so that every geometry runs the same pipeline.
 */
import type { Expression } from "../kernel/expression.ts";
import { input } from "../kernel/expression.ts";
import type { Convolution, Windows } from "../kernel/windows.ts";
import { elementwise } from "./families.ts";
import { workgroupSize } from "./rowKernel.ts";
import { functionsOf, launchHeader, number, WgslPrinter, word } from "./wgsl.ts";

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
  let groups = i32(${word(12)});
`;
const unpack = "fn unpack(x: u32) -> vec2<u32> { return vec2<u32>(x & 0xffffu, x >> 16u); }\n";

/** Channels that one invocation computes: they share what they read. */
export const channelTile = 4;
const tile = Array.from({ length: channelTile }, (_, j) => j);
const each = (line: (j: number) => string) => tile.map(line).join("");

/** How many invocations compute `planes` planes of results for each image and group. */
export const tilesOf = (planes: number): number => Math.ceil(planes / channelTile);

/** y = activation(x ∗ w + bias); `rows` counts tiles of channels times windows; addresses x, w, bias, y. */
export function printConvolution(bias: boolean, activation: Expression | null): string {
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
  return elementwise(
    "l.rows",
    `${geometry}${channels}    let plane = outSize.x * outSize.y;
    let tiles = (outEach + ${channelTile - 1}) / ${channelTile};
    let at = i32(i) % plane;
    let corner = stride * vec2<i32>(at / outSize.y, at % outSize.y) - padding;
    let first = i32(i) / plane % tiles * ${channelTile};
    let g = i32(i) / (plane * tiles) % groups;
    let n = i32(i) / (plane * tiles * groups);
    let y = i32(${word(3)}) + ((n * groups + g) * outEach + first) * plane + at;
    let taps = kernel.x * kernel.y;
    let x = i32(${word(0)}) + (n * groups + g) * inEach * size.x * size.y;
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
    unpack,
  );
}

/** gx from gy and w; `rows` counts tiles of channels times elements of a plane; addresses gy, w, gx. */
export function printConvolutionInput(): string {
  return elementwise(
    "l.rows",
    `${geometry}${channels}    let plane = size.x * size.y;
    let tiles = (inEach + ${channelTile - 1}) / ${channelTile};
    let at = i32(i) % plane;
    let corner = vec2<i32>(at / size.y, at % size.y) + padding;
    let first = i32(i) / plane % tiles * ${channelTile};
    let g = i32(i) / (plane * tiles) % groups;
    let n = i32(i) / (plane * tiles * groups);
    let gx = i32(${word(2)}) + ((n * groups + g) * inEach + first) * plane + at;
    let taps = kernel.x * kernel.y;
    let gy = i32(${word(0)}) + (n * groups + g) * outEach * outSize.x * outSize.y;
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
    unpack,
  );
}

/**
 * gw = or += from x and gy; `rows` counts the elements of w, a workgroup for each, `cols` images; addresses x, gy, gw.
 * The lanes of a workgroup share the windows of all images, and add up what they found always in the same order.
 */
export function printConvolutionWeight(accumulate: boolean): string {
  const main = `var<workgroup> lanes: array<f32, ${workgroupSize}>;
@compute @workgroup_size(${workgroupSize})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32,
        @builtin(num_workgroups) count: vec3<u32>) {
${geometry}${channels}  let taps = kernel.x * kernel.y;
  let plane = outSize.x * outSize.y;
  for (var i = group.x; i < l.rows; i += count.x) {
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
      let x = i32(${word(0)}) + ((n * groups + o / outEach) * inEach + c) * size.x * size.y;
      let gy = i32(${word(1)}) + (n * groups * outEach + o) * plane;
      sum = fma(m[x + at.x * size.y + at.y], m[gy + window], sum);
    }
    lanes[lane] = sum;
    workgroupBarrier();
    for (var half = ${workgroupSize / 2}u; half > 0u; half = half / 2u) {
      if (lane < half) { lanes[lane] = lanes[lane] + lanes[lane + half]; }
      workgroupBarrier();
    }
    if (lane == 0u) {
      let gw = ${word(2)} + i;
      m[gw] = ${accumulate ? "m[gw] + " : ""}lanes[0];
    }
    workgroupBarrier();
  }
}
`;
  return `${launchHeader}${unpack}${functionsOf(main)}${main}`;
}

/** out (planes, windows, taps) of x; `rows` counts the numbers of out; addresses x, out; number 0 stands beyond x. */
export const printWindows = (): string =>
  elementwise(
    "l.rows",
    `${geometry}    let taps = kernel.x * kernel.y;
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
    unpack,
  );

/** gx, the sums of what windows give to each element; `rows` counts the numbers of gx; addresses g, gx. */
export const printWindowsAdjoint = (): string =>
  elementwise(
    "l.rows",
    `${geometry}    let plane = size.x * size.y;
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
    unpack,
  );
