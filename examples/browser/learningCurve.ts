/** The learning curve: an SVG, a table of the same numbers, and the same in a sentence. */

export interface Point {
  readonly step: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

const frame = { left: 34, right: 22, top: 10, bottom: 36, width: 460, height: 246 } as const;
/** The largest return of CartPole-v1. */
const most = 500;
const namespace = "http://www.w3.org/2000/svg";

/** 1, 2 or 5 times a power of ten, four to eight of which make `length`. */
function tickOf(length: number): number {
  const power = 10 ** Math.floor(Math.log10(length / 4));
  return [5, 2, 1].map((k) => k * power).find((tick) => length / tick >= 4)!;
}

export class LearningCurve {
  readonly #svg: SVGSVGElement;
  readonly #table: HTMLTableSectionElement;
  /** Greedy evaluations. */
  #points: Point[] = [];
  /** [step, return] of single episodes with exploration. */
  #episodes: [number, number][] = [];

  constructor(svg: SVGSVGElement, table: HTMLTableSectionElement) {
    this.#svg = svg;
    this.#table = table;
    svg.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
    this.#draw();
  }

  clear(): void {
    this.#points = [];
    this.#episodes = [];
    this.#table.replaceChildren();
    this.#draw();
  }

  addEpisode(step: number, episodeReturn: number): void {
    this.#episodes.push([step, episodeReturn]);
    this.#draw();
  }

  addPoint(point: Point): void {
    this.#points.push(point);
    const row = this.#table.insertRow();
    for (const text of [point.step.toLocaleString("en"), point.mean.toFixed(1), `${point.min}–${point.max}`]) {
      row.insertCell().textContent = text;
    }
    this.#draw();
  }

  /** The curve in a sentence. */
  get summary(): string {
    const [first, last] = [this.#points[0], this.#points.at(-1)];
    if (!first || !last) return "No evaluation yet.";
    const best = this.#points.reduce((a, b) => (b.mean > a.mean ? b : a));
    const at = ({ mean, step }: Point) => `${mean.toFixed(1)} at step ${step.toLocaleString("en")}`;
    if (this.#points.length === 1) return `Mean return ${at(first)}.`;
    return `Mean return ${at(first)}, ${at(last)}; best ${at(best)}. Solved means 475.`;
  }

  #draw(): void {
    const { left, right, top, bottom, width, height } = frame;
    const lastStep = Math.max(this.#points.at(-1)?.step ?? 0, this.#episodes.at(-1)?.[0] ?? 0);
    const tick = tickOf(Math.max(lastStep, 4000));
    const end = Math.max(4000, Math.ceil(lastStep / tick) * tick);
    const x = (step: number) => left + ((width - left - right) * step) / end;
    const y = (value: number) => height - bottom - ((height - top - bottom) * value) / most;
    const parts: SVGElement[] = [];
    const add = (name: string, attributes: Record<string, string | number>, text?: string) => {
      const element = document.createElementNS(namespace, name);
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
      if (text !== undefined) element.textContent = text;
      parts.push(element);
    };
    for (const value of [0, 100, 200, 300, 400, 500]) {
      add("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) });
      add("text", { class: "tick end", x: left - 8, y: y(value) + 4 }, String(value));
    }
    for (let step = 0; step <= end; step += tick) {
      add("text", { class: "tick middle", x: x(step), y: height - bottom + 18 }, step.toLocaleString("en"));
    }
    add("text", { class: "tick end", x: width - right, y: height - 5 }, "environment steps");
    add("line", { class: "goal", x1: left, x2: width - right, y1: y(475), y2: y(475) });
    add("text", { class: "tick", x: left + 6, y: y(475) + 14 }, "solved: 475");
    for (const [step, value] of this.#episodes) add("circle", { class: "episode", cx: x(step), cy: y(value), r: 2 });
    const points = this.#points;
    if (points.length > 0) {
      const upper = points.map((p) => `${x(p.step)},${y(p.max)}`);
      const lower = points.map((p) => `${x(p.step)},${y(p.min)}`).reverse();
      add("polygon", { class: "band", points: [...upper, ...lower].join(" ") });
      add("polyline", { class: "mean", points: points.map((p) => `${x(p.step)},${y(p.mean)}`).join(" ") });
      const last = points.at(-1)!;
      add("circle", { class: "last", cx: x(last.step), cy: y(last.mean), r: 4 });
    }
    this.#svg.replaceChildren(...parts);
    this.#svg.setAttribute("aria-label", `Learning curve. ${this.summary}`);
  }
}
