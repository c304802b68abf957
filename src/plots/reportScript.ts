/**
 * What runs in the page of a report: it draws each chart when it comes near the window, follows the system's light or
 * dark, and lets the keyboard do what the pointer can. Plain script, so that the page needs nothing but itself.
 */
export const reportScript = `
"use strict";
const report = JSON.parse(document.getElementById("report-data").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = () => (dark.matches ? "dark" : "light");
const drawn = new Map();

const put = (object, path, value) => {
  const names = path.replace(/\\[(\\d+)\\]/g, ".$1").split(".");
  const last = names.pop();
  let place = object;
  for (const name of names) place = place[name] ??= {};
  if (value !== null) place[last] = value;
};

function isShown(chart, trace) {
  const section = chart.closest("section");
  const on = (name) => section.querySelector("[name='" + name + "']")?.checked !== false;
  return on("group-" + trace.meta.group) && (trace.meta.role !== "seed" || on("seeds"));
}

function draw(chart) {
  if (drawn.has(chart.id)) return;
  const { figure, colours } = report.charts[chart.id];
  const { data, layout } = figure;
  // zooming changes those of the layout
  report.charts[chart.id].ranges = { "xaxis.range": [...layout.xaxis.range], "yaxis.range": [...layout.yaxis.range] };
  const colour = colours[theme()];
  for (const [path, values] of Object.entries(colour.data)) data.forEach((trace, i) => put(trace, path, values[i]));
  for (const [path, value] of Object.entries(colour.layout)) put(layout, path, value);
  for (const trace of data) trace.visible = isShown(chart, trace);
  chart.replaceChildren();
  const config = {
    displaylogo: false,
    responsive: true,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
    toImageButtonOptions: { filename: chart.id, scale: 2 },
  };
  drawn.set(chart.id, chart);
  Plotly.newPlot(chart, data, layout, config);
  addKeys(chart);
}

/** Arrow keys walk along a line and from line to line. */
function addKeys(chart) {
  let trace = -1;
  let point = 0;
  const said = chart.parentElement.querySelector("output");
  const lines = () => chart._fullData.flatMap((t, i) => (t.visible === true && t.hoverinfo !== "skip" ? [i] : []));
  chart.addEventListener("keydown", (event) => {
    const all = lines();
    if (all.length === 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!all.includes(trace)) {
      // the line that is to be seen first comes last
      trace = all.at(-1);
      point = 0;
    }
    const n = chart._fullData[trace].x.length;
    const by = event.shiftKey ? Math.max(1, Math.round(n / 10)) : 1;
    if (event.key === "ArrowRight") point += by;
    else if (event.key === "ArrowLeft") point -= by;
    else if (event.key === "Home") point = 0;
    else if (event.key === "End") point = n - 1;
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const step = chart._fullData[trace].x[point];
      const next = all.indexOf(trace) + (event.key === "ArrowUp" ? -1 : 1);
      trace = all[(next + all.length) % all.length];
      const x = chart._fullData[trace].x;
      point = 0;
      while (point < x.length - 1 && x[point] < step) point++;
    } else if (event.key === "Escape") {
      Plotly.Fx.unhover(chart);
      said.value = "";
      return;
    } else if (event.key === "0") {
      Plotly.relayout(chart, report.charts[chart.id].ranges);
      return;
    } else return;
    event.preventDefault();
    const { x, y, name } = chart._fullData[trace];
    point = Math.max(0, Math.min(x.length - 1, point));
    Plotly.Fx.hover(chart, [{ curveNumber: trace, pointNumber: point }]);
    said.value = name + ": " + Number(y[point].toPrecision(5)).toLocaleString("en-US") +
      " at step " + x[point].toLocaleString("en-US");
  });
}

dark.addEventListener("change", () => {
  for (const chart of drawn.values()) {
    const { data, layout } = report.charts[chart.id].colours[theme()];
    Plotly.update(chart, data, layout);
  }
});

document.addEventListener("change", ({ target }) => {
  const section = target.closest("section");
  if (!section) return;
  for (const chart of drawn.values()) {
    if (chart.closest("section") !== section) continue;
    Plotly.restyle(chart, { visible: chart.data.map((trace) => isShown(chart, trace)) });
  }
});

// one at a time: the first can be seen while others are drawn
const waiting = [];
function drawSoon(chart) {
  if (waiting.push(chart) > 1) return;
  const next = () => {
    draw(waiting[0]);
    waiting.shift();
    if (waiting.length > 0) setTimeout(next);
  };
  setTimeout(next);
}

const charts = [...document.querySelectorAll(".plot")];
const near = new IntersectionObserver(
  (entries) => entries.forEach(({ isIntersecting, target }) => isIntersecting && drawSoon(target)),
  { rootMargin: "300px" },
);
for (const chart of charts) near.observe(chart);
addEventListener("beforeprint", () => charts.forEach(draw));
`;
