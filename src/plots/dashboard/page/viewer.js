/** A recorded episode: its pictures, what its actions went by, its value, and the scrubber. */
import { number, whole } from "./charts.js";
import { Bars, drawLine, drawPicture, rangeOf } from "./scene.js";

const byId = (id) => document.getElementById(id);

export class Viewer {
  /** @param ask (path, parameters) → parsed answer; @param address (path, parameters) → URL */
  constructor(ask, address) {
    this.ask = ask;
    this.address = address;
    this.bars = new Bars(byId("choice"));
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
    this.bars.clear();
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
    byId("scene").classList.toggle("bare", episode.explanation === null);
    if (episode.frames === 0) {
      byId("viewer-empty").hidden = false;
      byId("viewer-empty").textContent = episode.note ?? "";
      byId("picture").style.visibility = "hidden";
    } else byId("picture").style.visibility = "visible";
    this.describe();
    this.bars.clear();
    // the same for the whole episode
    this.range = episode.explanation && rangeOf(episode.explanation.kind, episode.explanation.numbers);
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
    if (!explanation) return this.bars.clear();
    const i = Math.min(this.at, actions.length - 1);
    const numbers = explanation.numbers[i] ?? [];
    const { kind } = explanation;
    const discrete = kind !== "action";
    const first = this.offset();
    this.bars.draw({
      kind,
      numbers,
      names: discrete ? numbers.map((_, a) => this.nameOf(a + first)) : [],
      chosen: discrete ? actions[i] - first : null,
      range: this.range,
      total,
    });
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

  /** The value along the episode, or the return so far where there is no value. */
  drawValues() {
    const { explanation, rewards, actions } = this.episode;
    const values = explanation?.values.some((x) => x !== null) ? explanation.values : null;
    const numbers = values ?? cumulative(rewards);
    const place = (i) => i / Math.max(1, actions.length);
    drawLine(byId("values"), {
      title: values ? "Value of the state" : "Return so far",
      pieces: [numbers.map((y, i) => ({ x: place(i), y }))],
      now: numbers[Math.min(this.at, numbers.length - 1)],
      at: place(this.at),
      along: `along the episode, at step ${this.at}`,
    });
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
