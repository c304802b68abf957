/** The episode: its pictures, what its actions went by, its value, and the scrubber. */
import { colour, number, whole } from "./charts.js";

const byId = (id) => document.getElementById(id);

/** Draws a draw list (src/envs/render/drawList.ts) over the whole canvas. */
function drawPicture(canvas, list) {
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

/** Values of actions often differ in their last digits only. */
const fourDigits = (x) =>
  Math.abs(x) >= 1e5 || (x !== 0 && Math.abs(x) < 1e-3)
    ? number(x)
    : x.toFixed(Math.max(0, 3 - Math.max(0, Math.floor(Math.log10(Math.abs(x) || 1))))).replace("-", "−");

const kinds = { qValues: "Q-values", probabilities: "Probabilities", action: "Action" };

export class Viewer {
  /** @param ask (path, parameters) → parsed answer; @param address (path, parameters) → URL */
  constructor(ask, address) {
    this.ask = ask;
    this.address = address;
    this.episode = null;
    this.parameters = null;
    this.frames = [];
    this.at = 0;
    this.isPlaying = false;
    /** Called when an episode was played to its end. */
    this.onEnd = () => {};
    this.generation = 0;
    byId("play").onclick = () => this.toggle();
    byId("scrub").oninput = () => {
      this.hold();
      this.show(Number(byId("scrub").value));
    };
    byId("values").onclick = (event) => {
      if (!this.episode) return;
      this.hold();
      const { left, width } = byId("values").getBoundingClientRect();
      this.show(Math.round(((event.clientX - left) / width) * this.episode.actions.length));
    };
    byId("gif").onclick = () => this.save();
    new ResizeObserver(() => this.episode && this.drawValues()).observe(byId("values"));
    this.clear("Waiting for the first evaluation.");
  }

  clear(message) {
    this.generation++;
    this.hold();
    this.episode = null;
    byId("viewer-empty").hidden = false;
    byId("viewer-empty").textContent = message;
    byId("picture").style.visibility = "hidden";
    byId("choice").replaceChildren();
    byId("values").hidden = true;
    byId("frame").textContent = "–";
    for (const id of ["play", "scrub", "gif"]) byId(id).disabled = true;
  }

  /** Fetches an episode and begins to play it. @param parameters {run, step} or {run, seed} */
  async open(parameters, isPlaying) {
    const generation = ++this.generation;
    let episode;
    try {
      episode = await this.ask("api/episode", parameters);
    } catch (error) {
      // noted as shown: nobody asks for it again and again
      this.parameters = parameters;
      if (generation === this.generation) this.clear(error.message);
      return false;
    }
    if (generation !== this.generation) return false;
    this.hold();
    this.parameters = parameters;
    this.episode = episode;
    this.frames = [];
    byId("viewer-empty").hidden = true;
    byId("values").hidden = false;
    for (const id of ["play", "scrub"]) byId(id).disabled = false;
    byId("scrub").max = String(episode.actions.length);
    byId("gif").disabled = episode.frames === 0;
    document.querySelector(".scene").classList.toggle("bare", episode.explanation === null);
    if (episode.frames === 0) {
      byId("viewer-empty").hidden = false;
      byId("viewer-empty").textContent = episode.note ?? "";
      byId("picture").style.visibility = "hidden";
    } else byId("picture").style.visibility = "visible";
    this.describe();
    this.bars = null;
    await this.fetchFrames(0, generation);
    if (generation !== this.generation) return false;
    this.show(0);
    if (isPlaying) this.play();
    void this.fetchAll(generation);
    return true;
  }

  async fetchFrames(from, generation) {
    if (this.episode.frames === 0) return 0;
    const { frames } = await this.ask("api/frames", { ...this.parameters, from });
    if (generation !== this.generation) return 0;
    for (const [i, frame] of frames.entries()) this.frames[from + i] = frame;
    return frames.length;
  }

  async fetchAll(generation) {
    try {
      for (let from = this.frames.length; from < this.episode.frames && generation === this.generation; ) {
        const got = await this.fetchFrames(from, generation);
        if (got === 0) return;
        from += got;
      }
    } catch {
      // the run is gone: what was fetched can still be looked at
    }
  }

  describe() {
    const { seed, step, actions, end, note } = this.episode;
    const by = step === null ? "" : `the agent of step ${whole(step)}, `;
    const how =
      end === null ? "the record ends there" : end === "terminated" ? "it ended by itself" : "the time limit cut it";
    byId("summary-viewer").textContent =
      `A greedy episode by ${by}seed ${seed}: return ${number(this.episode.return)} in ${whole(actions.length)} steps; ` +
      `${how}.${note && this.episode.frames > 0 ? ` ${note}` : ""}`;
  }

  /** Shows the moment before step `at`; the last one is after the last step. */
  show(at) {
    if (!this.episode) return;
    const { actions, rewards } = this.episode;
    this.at = Math.max(0, Math.min(actions.length, at));
    const picture = this.frames[this.at];
    if (picture) drawPicture(byId("picture"), picture);
    byId("scrub").value = String(this.at);
    let total = 0;
    for (let i = 0; i < this.at; i++) total += rewards[i];
    byId("frame").textContent = `${whole(this.at)} / ${whole(actions.length)}`;
    byId("scrub").setAttribute("aria-valuetext", `step ${this.at}, return so far ${number(total)}`);
    this.drawChoice(total);
    this.drawValues();
  }

  nameOf(action) {
    return this.episode.actionNames[action] ?? `action ${action}`;
  }

  drawChoice(total) {
    const { explanation, actions } = this.episode;
    const box = byId("choice");
    if (!explanation) return box.replaceChildren();
    const i = Math.min(this.at, actions.length - 1);
    const numbers = explanation.numbers[i] ?? [];
    const { kind } = explanation;
    if (!this.bars || this.bars.length !== numbers.length) this.makeBars(numbers.length, kind);
    this.range ??= rangeOf(explanation);
    const { low, high } = this.range;
    const place = (x) => Math.max(0, Math.min(100, (100 * (x - low)) / (high - low || 1)));
    const zero = place(0);
    const first = kind === "action" ? null : actions[i] - this.offset();
    numbers.forEach((x, a) => {
      const { row, text, fill } = this.bars[a];
      text.textContent = kind === "probabilities" ? `${Math.round(100 * x)}%` : fourDigits(x);
      row.classList.toggle("chosen", a === first);
      fill.style.left = `${Math.min(zero, place(x))}%`;
      fill.style.width = `${Math.max(0.5, Math.abs(place(x) - zero))}%`;
    });
    this.totals.textContent = `return so far ${number(total)}`;
    const said = numbers.map(
      (x, a) => `${kind === "action" ? `component ${a}` : this.nameOf(a + this.offset())} ${number(x)}`,
    );
    box.setAttribute("aria-label", `${kinds[kind]}: ${said.join(", ")}`);
  }

  /** The number of the first action, where values count from 0. */
  offset() {
    const { actions, explanation } = this.episode;
    if (typeof actions[0] !== "number") return 0;
    const n = explanation.numbers[0]?.length ?? 0;
    const lowest = Math.min(...actions);
    const highest = Math.max(...actions);
    return highest < n ? 0 : Math.min(lowest, highest - n + 1);
  }

  makeBars(n, kind) {
    const box = byId("choice");
    const heading = document.createElement("h3");
    heading.textContent = kinds[kind];
    this.range = null;
    this.bars = Array.from({ length: n }, (_, a) => {
      const row = document.createElement("div");
      row.className = "bar";
      const name = document.createElement("b");
      name.textContent =
        kind === "action" ? (n === 1 ? "component" : `component ${a + 1}`) : this.nameOf(a + this.offset());
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
    box.replaceChildren(heading, ...this.bars.map(({ row }) => row), this.totals);
  }

  /** The value along the episode, or the rewards where there is no value. */
  drawValues() {
    const canvas = byId("values");
    const { explanation, rewards, actions } = this.episode;
    const values = explanation?.values.some((x) => x !== null) ? explanation.values : null;
    const numbers = values ?? cumulative(rewards);
    const { clientWidth: width, clientHeight: height } = canvas;
    const ratio = devicePixelRatio;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const c = canvas.getContext("2d");
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, width, height);
    const known = numbers.filter((x) => x !== null);
    const low = Math.min(...known, 0);
    const high = Math.max(...known, 0);
    const top = 16;
    const x = (i) => (i / Math.max(1, actions.length)) * (width - 2) + 1;
    const y = (v) => height - 2 - ((v - low) / (high - low || 1)) * (height - top - 4);
    c.font = "11px system-ui, 'DejaVu Sans', sans-serif";
    c.textBaseline = "top";
    c.fillStyle = colour("muted");
    const now = numbers[Math.min(this.at, numbers.length - 1)];
    const title = values ? "Value of the state" : "Return so far";
    c.fillText(`${title} ${number(now)}`, 0, 0);
    const range = `${number(low)} to ${number(high)}`;
    c.textAlign = "right";
    c.fillText(range, width, 0);
    c.textAlign = "left";
    c.strokeStyle = colour("line");
    c.lineWidth = 1;
    c.beginPath();
    c.moveTo(0, y(0));
    c.lineTo(width, y(0));
    c.stroke();
    c.strokeStyle = colour("series-0");
    c.lineWidth = 1.5;
    c.beginPath();
    numbers.forEach((v, i) => {
      if (v !== null) c.lineTo(x(i), y(v));
    });
    c.stroke();
    c.strokeStyle = colour("series-1");
    c.lineWidth = 2;
    c.beginPath();
    c.moveTo(x(this.at), top);
    c.lineTo(x(this.at), height);
    c.stroke();
    canvas.setAttribute(
      "aria-label",
      `${title} along the episode: ${number(now)} at step ${this.at}, between ${range}`,
    );
  }

  /** Downloads the episode as a GIF. */
  async save() {
    if (!this.episode || byId("gif").disabled) return;
    byId("gif").disabled = true;
    byId("gif").textContent = "GIF …";
    const { parameters } = this;
    try {
      const response = await fetch(this.address("api/gif", { ...parameters, fps: 25 }));
      if (!response.ok) throw new Error((await response.json()).error);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await response.blob());
      link.download =
        /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "episode.gif";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    } catch (error) {
      byId("summary-viewer").textContent = `There is no GIF: ${error.message}`;
    }
    byId("gif").textContent = "GIF";
    byId("gif").disabled = false;
  }

  toggle() {
    if (this.isPlaying) this.hold();
    else this.play();
  }

  play() {
    if (!this.episode || this.isPlaying) return;
    if (this.at >= this.episode.actions.length) this.show(0);
    this.isPlaying = true;
    byId("play").setAttribute("aria-label", "Hold");
    let last = performance.now();
    let due = 0;
    const tick = (now) => {
      if (!this.isPlaying) return;
      due += ((now - last) / 1000) * Number(byId("pace").value);
      last = now;
      const whole = Math.floor(due);
      due -= whole;
      // a tab in the background has missed many
      if (whole > 0) this.show(this.at + Math.min(whole, 30));
      if (this.at >= this.episode.actions.length) {
        this.hold();
        this.onEnd();
        return;
      }
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  hold() {
    this.isPlaying = false;
    byId("play").setAttribute("aria-label", "Play");
  }
}

function cumulative(rewards) {
  let sum = 0;
  return rewards.map((reward) => (sum += reward));
}

/** The range of the bars, the same for the whole episode, with zero in it. */
function rangeOf({ kind, numbers }) {
  if (kind === "probabilities") return { low: 0, high: 1 };
  let [low, high] = [0, 0];
  for (const row of numbers) {
    for (const x of row) {
      low = Math.min(low, x);
      high = Math.max(high, x);
    }
  }
  return { low, high };
}
