/** The page: settings in, the run's events out to the status line, the numbers, the curve and the drawing. */
import type { RunEvent } from "kusari";
import { CartPoleDrawing } from "./cartPoleDrawing.ts";
import { LearningCurve } from "./learningCurve.ts";
import type { FromWorker, Scene, Settings, ToWorker } from "./messages.ts";

const byId = <E extends Element = HTMLElement>(id: string): E => document.querySelector<E>(`#${id}`)!;
const form = byId<HTMLFormElement>("settings");
const startButton = byId<HTMLButtonElement>("start");
const pauseButton = byId<HTMLButtonElement>("pause");
const downloadButton = byId<HTMLButtonElement>("download");
const fields = form.elements as typeof form.elements & Record<keyof Settings, HTMLSelectElement & HTMLInputElement>;
const drawing = new CartPoleDrawing(byId<HTMLCanvasElement>("scene"));
const curve = new LearningCurve(byId<SVGSVGElement>("curve"), byId<HTMLTableSectionElement>("evaluations"));

let worker: Worker | null = null;
let isRunning = false;
let device = "";

const whole = (x: number): string => Math.round(x).toLocaleString("en");
const write = (id: string, text: string): void => {
  byId(id).textContent = text;
};
const ask = (message: ToWorker): void => worker?.postMessage(message);

function say(text: string, kind: "" | "solved" | "failed" = ""): void {
  const status = byId("status");
  if (status.textContent !== text) status.textContent = text;
  status.className = kind;
}

function setRunning(running: boolean): void {
  isRunning = running;
  startButton.textContent = running ? "Stop" : "Start";
  for (const name of ["device", "units", "seed", "pace"] as const) fields[name].disabled = running;
}

function showScene(scene: Scene): void {
  if (pauseButton.ariaPressed === "true") return;
  drawing.show(scene);
  write("standing", `Standing for ${(scene.steps * 0.02).toFixed(1)} s of 10 s.`);
}

function showEvent(event: RunEvent): void {
  if (event.event === "start") say(`Learning on ${device}, seed ${event.seed}.`);
  if (event.event === "progress") {
    const { step, episodes, episodeReturn, statistics, stepsPerSecond } = event;
    write("steps", whole(step));
    write("speed", whole(stepsPerSecond));
    write("episodes", whole(episodes));
    write("updates", whole(statistics.updates!));
    write("epsilon", statistics.epsilon!.toFixed(2));
    write("loss", statistics.averageLoss!.toPrecision(2));
    if (episodeReturn !== null) curve.addEpisode(step, episodeReturn);
  }
  if (event.event === "evaluation") {
    const { mean, min, max } = event.evaluation;
    curve.addPoint({ step: event.step, mean, min, max });
    write("summary", curve.summary);
  }
  if (event.event === "result") {
    const { outcome, steps, evaluation } = event;
    const score = evaluation ? `mean return ${evaluation.mean.toFixed(1)} over ${evaluation.episodes} episodes` : "";
    setRunning(false);
    write("steps", whole(steps));
    downloadButton.disabled = false;
    if (outcome === "solved") say(`Solved at step ${whole(steps)}: ${score}.`, "solved");
    else if (outcome === "stopped") say(`Stopped at step ${whole(steps)}.`);
    else say(`All ${whole(steps)} steps taken: ${score}.`);
  }
}

function download(bytes: Uint8Array<ArrayBuffer>): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes]));
  link.download = "model.safetensors";
  link.click();
  URL.revokeObjectURL(link.href);
}

function fail(message: string): void {
  setRunning(false);
  say(message, "failed");
}

function listen({ data }: MessageEvent<FromWorker>): void {
  if (data.type === "opened") device = fields.device.value === "gpu" ? data.variant : "WebAssembly";
  if (data.type === "event") showEvent(data.event);
  if (data.type === "scene") showScene(data.scene);
  if (data.type === "weights") download(data.bytes);
  if (data.type === "failed") fail(data.message);
}

function start(): void {
  worker?.terminate();
  worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("message", listen);
  worker.addEventListener("error", ({ message }) => fail(message));
  curve.clear();
  downloadButton.disabled = true;
  setRunning(true);
  say("Opening the device.");
  const settings: Settings = {
    device: fields.device.value as Settings["device"],
    units: Number(fields.units.value),
    seed: Number(fields.seed.value),
    pace: fields.pace.value === "" ? null : Number(fields.pace.value),
  };
  ask({ type: "start", settings });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (isRunning) ask({ type: "stop" });
  else start();
});
pauseButton.addEventListener("click", () => {
  const isPaused = pauseButton.ariaPressed === "true";
  pauseButton.ariaPressed = String(!isPaused);
});
downloadButton.addEventListener("click", () => ask({ type: "weights" }));
// a GPU is worth its while for wide layers
fields.device.addEventListener("change", () => {
  fields.units.value = fields.device.value === "gpu" ? "512" : "64";
});

drawing.show(null);
if (matchMedia("(prefers-reduced-motion: reduce)").matches) pauseButton.ariaPressed = "true";
const adapter = await navigator.gpu?.requestAdapter();
if (adapter) fields.device.add(new Option("WebGPU", "gpu"));
form.dataset.ready = "true";
