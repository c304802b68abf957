/** What recorded and live episodes are drawn with: the picture, the bars beside it, the line below. */
import { colour, number } from "./charts.js";

/** Draws a draw list (src/envs/render/drawList.ts) over the whole canvas. */
export function drawPicture(canvas, list) {
  const scale = Math.min(2, 1200 / list.width);
  const [width, height] = [Math.round(list.width * scale), Math.round(list.height * scale)];
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const c = canvas.getContext("2d");
  c.setTransform(scale, 0, 0, scale, 0, 0);
  c.fillStyle = list.background;
  c.fillRect(0, 0, list.width, list.height);
  c.lineCap = "round";
  c.lineJoin = "round";
  for (const shape of list.shapes) {
    if (shape.kind === "text") {
      c.font = `${shape.size}px monospace`;
      c.textAlign = shape.anchor === undefined || shape.anchor === "middle" ? "center" : shape.anchor;
      c.textBaseline = "middle";
      c.fillStyle = shape.fill;
      c.fillText(shape.text, shape.x, shape.y);
      continue;
    }
    c.beginPath();
    if (shape.kind === "rectangle") c.rect(shape.x, shape.y, shape.width, shape.height);
    else if (shape.kind === "circle") c.arc(shape.x, shape.y, shape.radius, 0, 2 * Math.PI);
    else {
      for (const [x, y] of shape.points) c.lineTo(x, y);
      if (shape.kind === "polygon") c.closePath();
    }
    if (shape.kind !== "line" && shape.fill !== undefined) {
      c.fillStyle = shape.fill;
      c.fill();
    }
    if (shape.stroke !== undefined) {
      c.lineWidth = shape.strokeWidth ?? 1;
      c.strokeStyle = shape.stroke;
      c.stroke();
    }
  }
}

/** Values of actions often differ in their last digits only; null is that of an action that is not allowed. */
const fourDigits = (x) =>
  x === null
    ? "not allowed"
    : Math.abs(x) >= 1e5 || (x !== 0 && Math.abs(x) < 1e-3)
      ? number(x)
      : x.toFixed(Math.max(0, 3 - Math.max(0, Math.floor(Math.log10(Math.abs(x) || 1))))).replace("-", "−");

const kinds = { qValues: "Q-values", probabilities: "Probabilities", action: "Action" };

/** What an action goes by, a bar for each number. */
export class Bars {
  /** @param box the element they fill */
  constructor(box) {
    this.box = box;
    this.clear();
  }

  clear() {
    this.rows = null;
    this.key = "";
    this.box.replaceChildren();
    this.box.removeAttribute("aria-label");
  }

  make(kind, names) {
    const heading = document.createElement("h3");
    heading.textContent = kinds[kind];
    this.rows = names.map((words) => {
      const row = document.createElement("div");
      row.className = "bar";
      const name = document.createElement("b");
      name.textContent = words;
      const text = document.createElement("output");
      const head = document.createElement("span");
      head.append(name, text);
      const track = document.createElement("div");
      track.className = "track";
      const fill = document.createElement("i");
      track.append(fill);
      row.append(head, track);
      if (kind === "action") row.classList.add("blue");
      return { row, text, fill };
    });
    this.totals = document.createElement("h3");
    this.box.replaceChildren(heading, ...this.rows.map(({ row }) => row), this.totals);
  }

  /**
   * @param names of discrete actions, as many as there are numbers; empty for continuous ones
   * @param chosen the bar that stands out, or null
   * @param range {low, high} of the bars
   * @param total the return so far
   */
  draw({ kind, numbers, names, chosen, range, total }) {
    const words =
      kind === "action" ? numbers.map((_, i) => (numbers.length === 1 ? "component" : `component ${i + 1}`)) : names;
    const key = JSON.stringify([kind, words]);
    if (key !== this.key) this.make(kind, words);
    this.key = key;
    const { low, high } = range;
    const place = (x) => Math.max(0, Math.min(100, (100 * (x - low)) / (high - low || 1)));
    const zero = place(0);
    numbers.forEach((x, i) => {
      const { row, text, fill } = this.rows[i];
      text.textContent = kind === "probabilities" ? `${Math.round(100 * x)}%` : fourDigits(x);
      row.classList.toggle("chosen", i === chosen);
      const at = x === null ? zero : place(x);
      fill.style.left = `${Math.min(zero, at)}%`;
      fill.style.width = `${x === null ? 0 : Math.max(0.5, Math.abs(at - zero))}%`;
    });
    this.totals.textContent = `return so far ${number(total)}`;
    this.box.setAttribute("aria-label", `${kinds[kind]}: ${sayNumbers(words, numbers)}`);
  }
}

/** The range of bars, with zero in it. @param rows numbers of several moments */
export function rangeOf(kind, rows) {
  if (kind === "probabilities") return { low: 0, high: 1 };
  let [low, high] = [0, 0];
  for (const row of rows) {
    for (const x of row) {
      low = Math.min(low, x);
      high = Math.max(high, x);
    }
  }
  return { low, high };
}

const sayNumbers = (words, numbers) =>
  numbers.map((x, i) => `${words[i]} ${x === null ? "not allowed" : number(x)}`).join(", ");

/**
 * Draws numbers along a line, with a mark at one of them.
 * @param pieces lists of {x, y} with x from 0 to 1; y null where it is not known
 * @param at x of the mark; null for none
 * @param now the number that the title tells
 * @param borders x of thin lines
 */
export function drawLine(canvas, { title, pieces, now, at, borders = [], along }) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const c = canvas.getContext("2d");
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  let [low, high] = [0, 0];
  for (const piece of pieces) {
    for (const { y } of piece) {
      if (y === null) continue;
      low = Math.min(low, y);
      high = Math.max(high, y);
    }
  }
  const top = 16;
  const toX = (x) => x * (width - 2) + 1;
  const toY = (y) => height - 2 - ((y - low) / (high - low || 1)) * (height - top - 4);
  c.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  c.textBaseline = "top";
  c.fillStyle = colour("muted");
  c.fillText(`${title} ${number(now)}`, 0, 0);
  const range = `${number(low)} to ${number(high)}`;
  c.textAlign = "right";
  c.fillText(range, width, 0);
  c.textAlign = "left";
  const vertical = (x) => {
    c.beginPath();
    c.moveTo(toX(x), top);
    c.lineTo(toX(x), height);
    c.stroke();
  };
  c.strokeStyle = colour("line");
  c.lineWidth = 1;
  for (const x of borders) vertical(x);
  c.beginPath();
  c.moveTo(0, toY(0));
  c.lineTo(width, toY(0));
  c.stroke();
  c.strokeStyle = colour("series-0");
  c.fillStyle = colour("series-0");
  c.lineWidth = 1.5;
  for (const piece of pieces) {
    const known = piece.filter(({ y }) => y !== null);
    c.beginPath();
    if (known.length === 1) {
      c.arc(toX(known[0].x), toY(known[0].y), 1.5, 0, 2 * Math.PI);
      c.fill();
    } else {
      for (const { x, y } of known) c.lineTo(toX(x), toY(y));
      c.stroke();
    }
  }
  if (at !== null) {
    c.strokeStyle = colour("series-1");
    c.lineWidth = 2;
    vertical(at);
  }
  canvas.setAttribute("aria-label", `${title} ${along}: ${number(now)}, between ${range}`);
}
