/** The page: listens to the run, keeps what it hears, and shows it. */
import {
  clock,
  colour,
  drawReturns,
  drawStatistic,
  forgetColours,
  number,
  returnsSummary,
  shownNames,
  steps,
  summaryOf,
  titleOf,
  whole,
} from "./charts.js";
import { Live } from "./live.js";
import { Viewer } from "./viewer.js";

const byId = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const watchSeed = query.get("watch");

/** Relative to the page, whose address holds the token. */
const address = (path, parameters = {}) => `${path}?${new URLSearchParams(parameters)}`;

async function ask(path, parameters, request = {}) {
  let response;
  try {
    response = await fetch(address(path, parameters), request);
  } catch {
    throw new Error("The dashboard's process does not answer any more.");
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/** What the page knows. */
let runs = [];
let name = query.get("run");
let head = null;
let state = null;
let curves = {};
let evaluations = [];
/** Other runs drawn beside: name → {evaluations, colour}. */
const others = new Map();
/** Curves that have changed since they were drawn. */
let dirty = new Set();
let source = null;
let configTab = "preset";
let followed = true;

const viewer = new Viewer(ask, address);
const live = new Live(address);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
/** Whether a run under way is to be seen as it trains. */
let wantsLive = watchSeed === null && !calm.matches;

// ---- status

const statusWords = {
  running: "running",
  paused: "paused",
  solved: "solved",
  finished: "finished",
  stopped: "stopped",
  failed: "failed",
  lost: "lost",
};

function showStatus(status) {
  const chip = byId("status");
  const words = statusWords[status] ?? status;
  if (chip.textContent !== words) chip.textContent = words;
  chip.dataset.status = status;
}

const setText = (id, text) => {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
};

function showTiles() {
  const { step, episodes, stepsPerSecond, secondsLeft, newest, best, result, status, isMine, note } = state;
  const share = head.steps ? Math.min(100, (100 * step) / head.steps) : 0;
  showStatus(status);
  setText("note", note ?? "");
  byId("note").title = note ?? "";
  byId("controls").hidden = !isMine;
  setText("pause", status === "paused" ? "Go on" : "Pause");
  const bar = byId("progress");
  bar.firstElementChild.style.width = `${share}%`;
  bar.setAttribute("aria-valuenow", share.toFixed(0));
  setText("tile-step", whole(step));
  setText("tile-step-more", head.steps ? `of ${whole(head.steps)} (${share.toFixed(0)}%)` : " ");
  setText("tile-speed", stepsPerSecond ? steps(stepsPerSecond) : "–");
  const isGoing = status === "running" || status === "paused";
  setText("tile-time-name", isGoing ? "Time left" : "Outcome");
  setText("tile-time", isGoing ? clock(secondsLeft) : (result?.outcome ?? status));
  setText(
    "tile-time-more",
    isGoing ? "at most" : result ? `weights of step ${whole(result.keptStep)}` : "rl resume goes on",
  );
  setText("tile-episodes", whole(episodes));
  const training = curves.episodeReturn?.values;
  setText("tile-episodes-more", training?.length ? `last return ${number(training.at(-1))}` : "none finished yet");
  setText("tile-last", newest ? number(newest.mean) : "–");
  setText("tile-last-more", newest ? `± ${number(newest.stdev)} at step ${steps(newest.step)}` : "none yet");
  setText("tile-best-name", result ? "Result" : "Best evaluation");
  setText("tile-best", result ? number(result.mean) : best ? number(best.mean) : "–");
  setText(
    "tile-best-more",
    result ? `kept weights, ${result.episodes} episodes` : best ? `at step ${steps(best.step)}` : "none yet",
  );
  document.title = `${status === "running" ? `${share.toFixed(0)}% ` : ""}${head.agent} ${head.env} – Kusari`;
}

function showMessages(id, messages) {
  const list = byId(id);
  const key = JSON.stringify(messages);
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.hidden = messages.length === 0;
  list.replaceChildren(
    ...messages.map(({ level, text }) => {
      const item = document.createElement("li");
      item.className = level;
      item.textContent = text;
      return item;
    }),
  );
}

/** When a list was last opened: one that changes under the pointer would close. */
const openedAt = new Map();
for (const id of ["run", "episode"]) {
  const note = () => openedAt.set(id, performance.now());
  byId(id).addEventListener("pointerdown", note);
  byId(id).addEventListener("keydown", note);
  byId(id).addEventListener("change", () => openedAt.delete(id));
  byId(id).addEventListener("blur", () => openedAt.delete(id));
}
const isOpen = (id) => performance.now() - (openedAt.get(id) ?? -1e9) < 10_000;

// ---- charts

const statisticCards = new Map();

function cardFor(curve) {
  let card = statisticCards.get(curve);
  if (card) return card;
  const section = document.createElement("section");
  section.className = "card";
  const title = document.createElement("h2");
  title.textContent = titleOf(curve);
  title.id = `chart-${curve}-title`;
  section.setAttribute("aria-labelledby", title.id);
  const top = document.createElement("div");
  top.className = "card-head";
  top.append(title);
  const plot = document.createElement("div");
  plot.className = "plot";
  plot.id = `chart-${curve}`;
  const summary = document.createElement("p");
  summary.className = "summary";
  section.append(top, plot, summary);
  card = { section, plot, summary };
  statisticCards.set(curve, card);
  return card;
}

function drawCharts() {
  if (!head || document.hidden || dirty.size === 0 || watchSeed !== null) return;
  const changed = dirty;
  dirty = new Set();
  const compared = [...others].map(([other, of]) => ({ name: other, ...of }));
  if (changed.has("evaluation") || changed.has("episodeReturn") || changed.has("*")) {
    drawReturns(byId("chart-return"), { evaluations, curves, head }, compared);
    const text = returnsSummary({ evaluations, curves }, compared);
    setText("summary-return", text);
    byId("chart-return").setAttribute("role", "img");
    byId("chart-return").setAttribute("aria-label", `Return. ${text}`);
  }
  const names = shownNames(curves);
  const grid = byId("charts");
  const wanted = names.map((curve) => cardFor(curve).section);
  if (wanted.length !== grid.children.length || wanted.some((section, i) => grid.children[i] !== section)) {
    grid.replaceChildren(...wanted);
  }
  for (const curve of names) {
    if (!changed.has(curve) && !changed.has("*")) continue;
    const { plot, summary } = cardFor(curve);
    drawStatistic(plot, curve, curves[curve]);
    summary.textContent = summaryOf(curves[curve]);
    plot.setAttribute("role", "img");
    plot.setAttribute("aria-label", `${titleOf(curve)}. ${summary.textContent}`);
  }
}

/** Beyond so many points a curve is fetched anew, thinned. */
const mostPoints = 8_000;

function takeCurves(news) {
  if (news.isWhole) {
    curves = news.curves;
    evaluations = [...news.evaluations];
    dirty.add("*");
    return;
  }
  for (const [curve, points] of Object.entries(news.curves)) {
    curves[curve] ??= { steps: [], values: [] };
    curves[curve].steps.push(...points.steps);
    curves[curve].values.push(...points.values);
    dirty.add(curve);
  }
  if (news.evaluations.length > 0) {
    evaluations.push(...news.evaluations);
    dirty.add("evaluation");
  }
  if (Object.values(curves).some(({ steps: at }) => at.length > mostPoints)) listen();
}

// ---- health, actors, configuration

const element = (tag, text, className) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};

/** A bar with words over it. */
function gauge(label, text, share, isBlue = true) {
  const row = element("div", undefined, `bar${isBlue ? " blue" : ""}`);
  const words = element("span");
  words.append(element("b", label), element("output", text));
  const track = element("div", undefined, "track");
  const fill = element("i");
  fill.style.left = "0";
  fill.style.width = `${Math.max(0, Math.min(100, 100 * share))}%`;
  track.append(fill);
  row.append(words, track);
  return row;
}

function showHealth() {
  const { hyperparameters: h } = head;
  const rows = [];
  const { replayCapacity, replayStartSize, minibatchSize } = h;
  if (typeof replayCapacity === "number") {
    const held = Math.min(state.step, replayCapacity);
    rows.push(gauge("Replay buffer", `${steps(held)} of ${steps(replayCapacity)} transitions`, held / replayCapacity));
    const updates = curves.updates?.values.at(-1) ?? 0;
    if (state.step < replayStartSize) {
      rows.push(element("p", `Learning begins with ${whole(replayStartSize)} transitions.`));
    } else {
      const reuse = (updates * minibatchSize) / Math.max(1, state.step);
      const age =
        state.step > replayCapacity
          ? `the oldest is of step ${steps(state.step - replayCapacity)}`
          : "none is dropped yet";
      rows.push(element("p", `Each transition is learned from ${number(reuse)} times on average; ${age}.`));
    }
  } else {
    rows.push(element("p", "This agent learns from its newest steps: it has no replay buffer."));
  }
  const counts = state.actionCounts;
  if (counts) {
    const total = counts.reduce((sum, x) => sum + x, 0) || 1;
    const names = viewer.episode?.actionNames ?? live.last?.actionNames ?? [];
    const nameOf = (a) => names[a] ?? `action ${a}`;
    const bar = element("div", undefined, "stacked");
    const legend = element("div", undefined, "legend");
    counts.forEach((count, a) => {
      const ground = colour(`series-${a % 7}`);
      const piece = element("i");
      piece.style.flex = String(count / total);
      piece.style.background = ground;
      if (count > 0) bar.append(piece);
      const mark = element("i", undefined, "mark");
      mark.style.background = ground;
      const item = element("span");
      item.append(mark, `${nameOf(a)} ${Math.round((100 * count) / total)}%`);
      legend.append(item);
    });
    const share = counts.map((count) => count / total).filter((p) => p > 0);
    const entropy = share.reduce((sum, p) => sum - p * Math.log(p), 0) / Math.log(Math.max(2, counts.length));
    rows.push(
      element("p", "Actions of the last evaluation episode"),
      bar,
      legend,
      element("p", `Variety ${Math.round(100 * entropy)}% (0%: always the same action, 100%: all equally often).`),
    );
  } else {
    rows.push(element("p", "Actions are shown with the first evaluation of discrete ones."));
  }
  byId("health").replaceChildren(...rows);
}

function showActors() {
  const { actors } = state;
  byId("actors").hidden = actors.length === 0;
  if (actors.length === 0) return;
  const fastest = Math.max(...actors.map((actor) => actor.stepsPerSecond), 1);
  byId("actor-rows").replaceChildren(
    ...actors.map(({ stepsPerSecond, lag }, i) =>
      gauge(
        `Actor ${i}`,
        `${steps(stepsPerSecond)}/s${lag === null ? "" : `, ${number(lag)} updates behind`}`,
        stepsPerSecond / fastest,
      ),
    ),
  );
}

function showRest() {
  if (!state || document.hidden) return;
  showHealth();
  showActors();
}

function table(headings, rows) {
  const made = element("table");
  const top = made.createTHead().insertRow();
  for (const heading of headings) top.append(element("th", heading));
  const body = made.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    row.forEach((cell, i) => {
      line.append(element("td", cell, headings.length === 3 && i === 1 ? "changed" : ""));
    });
  }
  return made;
}

function showConfig() {
  for (const button of document.querySelectorAll("[data-config]")) {
    button.setAttribute("aria-pressed", String(button.dataset.config === configTab));
  }
  const { againstPreset, previous, config } = head;
  const differences = (list, other) =>
    list.length === 0
      ? element("p", `Nothing differs from ${other}.`, "empty")
      : table(
          ["", "this run", other],
          list.map((x) => [x.name, x.value, x.other]),
        );
  const shown = {
    preset: () =>
      againstPreset === null
        ? element("p", "There is no preset to compare with: the agent or the environment comes from a script.", "empty")
        : differences(againstPreset, "the preset"),
    previous: () =>
      previous === null
        ? element("p", "There is no earlier run of this agent in this environment.", "empty")
        : differences(previous.differences, previous.name),
    all: () =>
      table(
        ["", "value"],
        config.map((x) => [x.name, x.value]),
      ),
  };
  byId("config").replaceChildren(shown[configTab]());
}

// ---- runs

const runLabel = (run) => `${run.name || `${run.agent} ${run.env}`}${run.status === "running" ? " ●" : ""}`;

function showRuns() {
  const select = byId("run");
  if (isOpen("run")) return;
  select.replaceChildren(
    ...runs.map((run) => {
      const option = element("option", runLabel(run));
      option.value = run.name;
      option.selected = run.name === name;
      return option;
    }),
  );
  if (runs.length === 0) {
    select.replaceChildren(element("option", "no runs yet"));
    showStatus("waiting");
    setText(
      "summary-return",
      "No run is here yet. It is shown as soon as one begins: rl train --agent dqn --env CartPole.",
    );
  }
  select.disabled = runs.length < 2;
  const list = byId("overlay-list");
  const current = runs.find((run) => run.name === name);
  // returns of another environment say nothing beside these
  const comparable = runs.filter((run) => run.name !== name && run.env === current?.env);
  byId("overlay").hidden = comparable.length === 0;
  list.replaceChildren(
    ...comparable.slice(0, 60).map((run) => {
      const label = element("label");
      const box = element("input");
      box.type = "checkbox";
      box.checked = others.has(run.name);
      box.onchange = () => toggleOverlay(run.name, box.checked);
      const mark = element("i", undefined, "mark");
      if (others.has(run.name)) mark.style.background = others.get(run.name).colour;
      label.append(box, mark, run.name);
      return label;
    }),
  );
}

async function toggleOverlay(other, isWanted) {
  if (isWanted) {
    try {
      const { evaluations: theirs } = await ask("api/run", { run: other });
      const taken = new Set([...others.values()].map((x) => x.series));
      const series = [1, 2, 3, 4, 5, 6].find((n) => !taken.has(n)) ?? 6;
      others.set(other, { evaluations: theirs, series, colour: colour(`series-${series}`) });
    } catch (error) {
      showLost(error.message);
    }
  } else others.delete(other);
  dirty.add("evaluation");
  showRuns();
  drawCharts();
}

function showLost(message) {
  byId("lost").hidden = message === null;
  setText("lost", message ?? "");
}

// ---- the episode

function showEpisodes() {
  const select = byId("episode");
  const { step: shown = null, seed = null } = viewer.parameters ?? {};
  // the one that is shown may be dropped meanwhile
  const all = [...new Set([...state.recorded, ...(shown === null ? [] : [shown])])].sort((a, b) => b - a);
  const options = all.map((step) => ({
    value: `step ${step}`,
    text: `evaluation at step ${whole(step)}${step === state.recorded[0] ? " (newest)" : ""}`,
  }));
  if (seed !== null) options.push({ value: "shown", text: `an episode of seed ${whole(seed)}` });
  options.push({ value: "new", text: "play a new episode" });
  const value = shown !== null ? `step ${shown}` : seed !== null ? "shown" : options[0].value;
  const key = JSON.stringify([options, value]);
  if (select.dataset.key === key || isOpen("episode")) return;
  select.dataset.key = key;
  select.replaceChildren(
    ...options.map((option) => {
      const made = element("option", option.text);
      made.value = option.value;
      return made;
    }),
  );
  select.value = value;
}

const canBeLive = () => watchSeed === null && (state?.status === "running" || state?.status === "paused");
const isLive = () => wantsLive && canBeLive();

/** Shows the environment as it trains, or recorded episodes; those alone once the run has ended. */
function showSource() {
  const shown = isLive();
  byId("sources").hidden = !canBeLive();
  byId("show-live").setAttribute("aria-pressed", String(shown));
  byId("show-recorded").setAttribute("aria-pressed", String(!shown));
  byId("live").hidden = !shown;
  byId("recorded").hidden = shown;
  byId("episode").hidden = shown;
  if (shown) viewer.hold();
  live.look(shown ? name : null);
}

function chooseSource(isWanted) {
  wantsLive = isWanted;
  showSource();
  void follow();
}
byId("show-live").onclick = () => chooseSource(true);
byId("show-recorded").onclick = () => chooseSource(false);

let isOpening = false;
/** Plays the newest recorded episode, unless one is being watched. */
async function follow() {
  const newest = state?.recorded[0];
  if (watchSeed !== null || isLive() || !followed || isOpening || viewer.isPlaying || newest === undefined) return;
  if (viewer.parameters?.step === newest && viewer.parameters.run === name) return;
  isOpening = true;
  await show({ step: newest });
  isOpening = false;
}
/** @param which {step} or {seed} */
async function show(which) {
  await viewer.open({ run: name, ...which }, !calm.matches);
  if (!state) return;
  showHealth();
  showEpisodes();
}
viewer.onEnd = () => {
  if (watchSeed !== null) setTimeout(() => playNew(nextSeed++), 700);
  else void follow();
};

let nextSeed = Number(watchSeed ?? 0);
const playNew = (seed) => show({ seed });

byId("episode").onchange = () => {
  const value = byId("episode").value;
  if (value === "new") {
    followed = false;
    void playNew(Math.floor(Math.random() * 1e6));
    return;
  }
  if (value === "shown") return;
  const step = Number(value.split(" ")[1]);
  followed = step === state.recorded[0];
  void show({ step });
};

// ---- listening

function takeState(news) {
  const before = state;
  state = news;
  showTiles();
  showMessages("alerts", news.alerts);
  showMessages(
    "warnings",
    news.warnings.map((text) => ({ level: "warn", text })),
  );
  showEpisodes();
  if (!before) showRest();
  showSource();
  void follow();
}

function listen() {
  source?.close();
  source = new EventSource(address("api/events", name === null ? {} : { run: name }));
  source.addEventListener("runs", (event) => {
    runs = JSON.parse(event.data);
    if (name === null && runs.length > 0) choose((runs.find((run) => run.status === "running") ?? runs[0]).name);
    showRuns();
  });
  source.addEventListener("run", (event) => {
    const news = JSON.parse(event.data);
    head = news.head;
    showLost(null);
    takeCurves(news);
    takeState(news.state);
    showConfig();
    drawCharts();
    document.body.dataset.ready = "";
  });
  source.addEventListener("curves", (event) => takeCurves(JSON.parse(event.data)));
  source.addEventListener("state", (event) => {
    showLost(null);
    takeState(JSON.parse(event.data));
  });
  source.addEventListener("lost", (event) => {
    showStatus("lost");
    showLost(`${JSON.parse(event.data).error} What was read of it is still shown.`);
  });
  source.onerror = () => {
    showStatus("lost");
    byId("controls").hidden = true;
    live.look(null);
    showLost("The dashboard's process has ended. What was read is still shown; rl dashboard shows the run again.");
  };
  source.onopen = () => showLost(null);
}

function choose(run) {
  name = run;
  head = null;
  state = null;
  curves = {};
  evaluations = [];
  followed = true;
  others.delete(run);
  statisticCards.clear();
  byId("charts").replaceChildren();
  byId("episode").dataset.key = "";
  viewer.parameters = null;
  viewer.clear("Waiting for the first evaluation.");
  live.look(null);
  const place = new URL(location.href);
  place.searchParams.set("run", run);
  history.replaceState(null, "", place);
  listen();
  if (watchSeed !== null) void playNew(nextSeed++);
}
byId("run").onchange = () => choose(byId("run").value);

// ---- commands, theme, keys

async function command(word) {
  try {
    await ask(
      "api/command",
      { run: name, name: word },
      { method: "POST", headers: { "content-type": "application/json" } },
    );
  } catch (error) {
    showLost(error.message);
  }
}
const pauseOrGoOn = () => command(state.status === "paused" ? "continue" : "pause");
byId("pause").onclick = pauseOrGoOn;
byId("checkpoint").onclick = () => command("checkpoint");
byId("stop").onclick = () => byId("confirm").showModal();
byId("confirm").onclose = () => {
  if (byId("confirm").returnValue === "yes") void command("stop");
  byId("confirm").returnValue = "";
};
for (const button of document.querySelectorAll("[data-config]")) {
  button.onclick = () => {
    configTab = button.dataset.config;
    if (head) showConfig();
  };
}

const stored = (() => {
  try {
    return localStorage.getItem("kusari-theme");
  } catch {
    return null;
  }
})();
if (stored) document.documentElement.dataset.theme = stored;
const isDark = () =>
  (document.documentElement.dataset.theme ??
    (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
function themeChanged() {
  forgetColours();
  for (const other of others.values()) other.colour = colour(`series-${other.series}`);
  dirty.add("*");
  drawCharts();
  if (state) showHealth();
  if (viewer.episode) viewer.drawValues();
  if (live.shown.length > 0) live.drawValues();
}
function changeTheme() {
  const next = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem("kusari-theme", next);
  } catch {
    // a page without storage forgets it
  }
  themeChanged();
}
byId("theme").onclick = changeTheme;
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themeChanged);
byId("help").onclick = () => byId("keys").showModal();

addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (target instanceof HTMLSelectElement) return;
  const isButton = target instanceof HTMLElement && target.matches("button, summary, a, input[type=checkbox]");
  const mine = state?.isMine;
  if (key === " " && !isButton) (isLive() ? live : viewer).toggle();
  else if (key === "l" && canBeLive()) chooseSource(!wantsLive);
  else if ((key === "ArrowLeft" || key === "ArrowRight") && !isLive()) {
    viewer.hold();
    viewer.show(viewer.at + (key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? 10 : 1));
  } else if (key === "g" && !isLive()) byId("gif").click();
  else if (key === "p" && mine) void pauseOrGoOn();
  else if (key === "c" && mine) void command("checkpoint");
  else if (key === "s" && mine) byId("stop").click();
  else if (key === "t") changeTheme();
  else if (key === "?") byId("keys").showModal();
  else return;
  event.preventDefault();
});
addEventListener("click", (event) => {
  const menu = byId("overlay");
  if (menu.open && !menu.contains(event.target)) menu.open = false;
});

// the status moves four times a second, charts once: more is not seen, and costs the machine that trains
setInterval(() => {
  drawCharts();
  showRest();
  live.summarize();
}, 1_000);
document.addEventListener("visibilitychange", drawCharts);
document.body.classList.toggle("watching", watchSeed !== null);
if (name === null) listen();
else choose(name);
