/** Numbers as charts show them. */

/** 950, 12.5k, 1.5M: of steps and speeds. */
export function stepsText(x: number): string {
  const size = Math.abs(x);
  const [scaled, unit] =
    size < 1_000 ? [x, ""] : size < 999_500 ? [x / 1e3, "k"] : size < 999.5e6 ? [x / 1e6, "M"] : [x / 1e9, "G"];
  return `${Number(scaled.toPrecision(3))}${unit}`;
}

/** 1,234,567: whole numbers in sentences and tables. */
export const wholeText = (x: number): string => Math.round(x).toLocaleString("en-US");

/** A return, a loss or a probability in about six characters: 0.0123, 187.2, 1,203, 1.5e-7. */
export function valueText(x: number): string {
  const size = Math.abs(x);
  if (!Number.isFinite(x)) return "–";
  if (x === 0) return "0";
  if (size < 1e-3 || size >= 1e7) return Number(x.toPrecision(3)).toExponential().replace("-", "−").replace("e−", "e-");
  const digits = size < 1 ? 3 : size < 10 ? 2 : size < 1_000 ? 1 : 0;
  const text = size < 0.1 ? String(Number(x.toPrecision(2))) : Number(x.toFixed(digits)).toLocaleString("en-US");
  return text.replace("-", "−");
}

/** Round places for labels between two numbers, about `count` of them (Heckbert 1990, "Nice numbers for graph labels"). */
export function ticks(low: number, high: number, count: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.7) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Places for labels on a logarithmic axis, about `count` at most: powers of ten, with 2 and 5 of each where there are few. */
export function logTicks(low: number, high: number, count: number): number[] {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const factors = 3 * (to - from) <= count ? [1, 2, 5] : [1];
  const stride = Math.max(1, Math.ceil((to - from) / Math.max(1, count)));
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
    .filter((power) => power % stride === 0)
    .flatMap((power) => factors.map((factor) => Number((factor * 10 ** power).toPrecision(2))))
    .filter((value) => value >= low && value <= high);
}

/** Labels of an axis whose places are equally far apart, with as many digits as tell them apart; 250k where they are large. */
export function axisTexts(values: readonly number[]): string[] {
  const largest = Math.max(...values.map(Math.abs));
  const step = values.length > 1 ? values[1]! - values[0]! : largest;
  if (largest >= 1e4) return values.map((value) => stepsText(value).replace("-", "−"));
  if (largest < 1e-3) return values.map(valueText);
  const maximumFractionDigits = Math.max(0, 1 - Math.floor(Math.log10(step || 1)));
  return values.map((value) => value.toLocaleString("en-US", { maximumFractionDigits }).replace("-", "−"));
}
