/** The environment as it trains: its picture, what the agent makes of it, its value. Listening is what has the run show it. */
import { number, whole } from "./charts.js";
import { Bars, drawLine, drawPicture, rangeOf } from "./scene.js";

const byId = (id) => document.getElementById(id);

/** Pictures that the line below tells of: a minute. */
const remembered = 240;
/** Pictures that the line has room for at first. */
const roomAtFirst = 60;
/** Of so many the bars keep their range. */
const ranged = 40;
/** Milliseconds without a first picture before it is said why that may be. */
const patience = 4_000;
const waiting = "Waiting for the first picture.";
const late =
  "No picture has come yet: the run is held, or at something long, or it was begun by a version that shows none.";

/** The place of the greedy action among the numbers; null where the action is the numbers. */
const bestOf = ({ kind, numbers }) =>
  kind === "action" ? null : numbers.indexOf(Math.max(...numbers.filter((x) => x !== null)));

export class Live {
  /** @param address (path, parameters) → URL */
  constructor(address) {
    this.address = address;
    this.bars = new Bars(byId("live-choice"));
    this.source = null;
    this.isHeld = false;
    this.isWanted = false;
    byId("live-hold").onclick = () => this.toggle();
    new ResizeObserver(() => this.shown.length > 0 && this.drawValues()).observe(byId("live-values"));
    document.addEventListener("visibilitychange", () => this.listen());
    this.clear();
  }

  /** Another run, or none. */
  clear() {
    /** @type {object[]} newest last */
    this.shown = [];
    this.last = null;
    this.bars.clear();
    this.say(waiting);
    byId("live-picture").style.visibility = "hidden";
    byId("live-values").hidden = true;
    byId("live-frame").textContent = "–";
    byId("live-summary").textContent = "What the training environment shows, four times a second.";
  }

  say(message) {
    byId("live-empty").hidden = message === null;
    byId("live-empty").textContent = message ?? "";
  }

  /** Begins to look at a run, or to look away with null. A page that is not seen looks at nothing. */
  look(run) {
    if (run !== this.run) this.clear();
    this.run = run;
    this.isWanted = run !== null;
    this.listen();
  }

  listen() {
    const isListening = this.isWanted && !this.isHeld && !document.hidden;
    if (isListening === (this.source !== null) && this.source?.run === this.run) return;
    this.source?.close();
    clearTimeout(this.late);
    this.source = null;
    if (!isListening) return;
    const source = new EventSource(this.address("api/live", { run: this.run }));
    source.run = this.run;
    this.source = source;
    this.late = setTimeout(() => this.last === null && this.say(late), patience);
    source.addEventListener("picture", (event) => this.take(JSON.parse(event.data)));
    source.addEventListener("none", (event) => {
      clearTimeout(this.late);
      if (this.last === null) this.say(JSON.parse(event.data));
    });
  }

  take(scene) {
    const { during, episode, picture, explanation, note } = scene;
    // bars of the moment before stay beside the end of an episode
    const told = explanation ?? (episode.isOver ? (this.last?.explanation ?? null) : null);
    const names = explanation ? scene.actionNames : (this.last?.actionNames ?? []);
    const last = { ...scene, explanation: told, actionNames: names };
    this.last = last;
    this.shown.push({
      episode: episode.begunAt,
      value: explanation?.value ?? null,
      return: episode.return,
      numbers: told?.numbers ?? [],
    });
    if (this.shown.length > remembered) this.shown.shift();
    const canvas = byId("live-picture");
    canvas.style.visibility = picture === null ? "hidden" : "visible";
    this.say(picture === null ? (note ?? "This environment draws no picture.") : null);
    if (picture !== null) drawPicture(canvas, picture);
    byId("live-scene").classList.toggle("bare", told === null);
    if (told === null) this.bars.clear();
    else {
      const rows = this.shown.slice(-ranged).map(({ numbers }) => numbers);
      const range = rangeOf(told.kind, rows);
      const { kind, numbers } = told;
      this.bars.draw({ kind, numbers, names, chosen: bestOf(told), range, total: episode.return });
    }
    byId("live-values").hidden = false;
    const waits = during === "evaluation" ? "; it stands still while an evaluation is played" : "";
    byId("live-frame").textContent = `step ${whole(episode.steps)}${episode.isOver ? ", the last" : ""}${waits}`;
    this.drawValues();
    if (this.shown.length === 1) this.summarize();
  }

  /** The values of the pictures of the last minute: each episode is a line of its own, or a point. */
  drawValues() {
    const hasValues = this.shown.some(({ value }) => value !== null);
    const room = Math.max(roomAtFirst, this.shown.length);
    const pieces = [];
    const borders = [];
    let episode = null;
    this.shown.forEach((shown, i) => {
      const x = (room - this.shown.length + i) / (room - 1);
      if (shown.episode !== episode) {
        if (episode !== null) borders.push(x);
        pieces.push([]);
        episode = shown.episode;
      }
      pieces.at(-1).push({ x, y: hasValues ? shown.value : shown.return });
    });
    const newest = this.shown.at(-1);
    drawLine(byId("live-values"), {
      title: hasValues ? "Value of the state" : "Return so far",
      pieces,
      now: hasValues ? (newest.value ?? this.last.explanation?.value ?? null) : newest.return,
      at: null,
      // of short episodes they would hide the points
      borders: 4 * borders.length > this.shown.length ? [] : borders,
      along: "in the pictures of the last minute",
    });
  }

  /** In words; to be called once a second, as faster nobody reads. */
  summarize() {
    if (this.last === null) return;
    const { step, envs, actors, episode, explanation, actionNames, note, picture } = this.last;
    const whose =
      actors !== null ? `, the first of ${actors} actors` : envs > 1 ? `, the first of ${envs} environments` : "";
    const chosen = explanation === null ? null : bestOf(explanation);
    const best =
      chosen === null ? "" : ` The greedy action is ${actionNames[chosen]}; training may take another to explore.`;
    byId("live-summary").textContent =
      `The training environment at step ${whole(step)}${whose}: step ${whole(episode.steps)} of its episode, ` +
      `return so far ${number(episode.return)}.${best}${note !== null && picture !== null ? ` ${note}` : ""}`;
  }

  /** Holds the picture, and lets it go on. */
  toggle() {
    this.isHeld = !this.isHeld;
    byId("live-hold").setAttribute("aria-label", this.isHeld ? "Play" : "Hold");
    this.listen();
  }
}
