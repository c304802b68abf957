/** `rl play` and `rl check-env`: what keys do, and the commands without a terminal. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { controlsOf, keysIn } from "../../src/cli/controls.ts";
import { PlaySession } from "../../src/cli/playSession.ts";
import {
  type AnyEnv,
  Box,
  Dict,
  Discrete,
  MultiBinary,
  MultiDiscrete,
  make,
  type Space,
  TransformAction,
} from "../../src/envs/index.ts";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
let folder: string;
beforeAll(() => {
  if (!fs.existsSync(main)) throw new Error(`test: ${main} must be there; got no such file. Run npm run build first.`);
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-play-"));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Runs `rl` with a text on its stdin. */
function rl(args: readonly string[], input = ""): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [main, ...args], { cwd: folder, env: { ...process.env, NO_COLOR: "1" } });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data) => (stdout += data));
  child.stderr.on("data", (data) => (stderr += data));
  child.stdin.end(input);
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

const withActions = (space: Space<unknown>) =>
  new TransformAction<unknown, unknown>(make("CartPole"), () => 0, space) as AnyEnv;

describe("keys", () => {
  test("of a terminal", () => {
    expect(keysIn("1\u001b[C\u001bOA \r\u0003q")).toEqual(["1", "right", "up", "space", "enter", "ctrl-c", "q"]);
    expect(keysIn("\u001b")).toEqual(["\u001b"]);
  });

  test("choices: digits, letters from ten on, arrows by name", () => {
    const cartPole = controlsOf("rl play", make("CartPole"));
    expect(cartPole.legend).toEqual(["0 ←: left   1 →: right"]);
    expect([cartPole.press("right"), cartPole.action, cartPole.describe()]).toEqual(["step", 1, "1 (right)"]);
    expect([cartPole.press("2"), cartPole.press("up"), cartPole.action]).toEqual(["unknown", "unknown", 1]);

    const car = controlsOf("rl play", make("MountainCar"));
    expect([car.action, car.press("left"), car.action]).toEqual([1, "step", 0]);
    car.release();
    expect(car.action).toBe(1);

    const many = controlsOf("rl play", withActions(new Discrete(30, 5)));
    expect([many.press("a"), many.action, many.press("q"), many.press("z"), many.action]).toEqual([
      ...["step", 15, "unknown", "unknown", 15],
    ]);
  });

  test("numbers: less, more, rest, within their bounds", () => {
    const pendulum = controlsOf("rl play", make("Pendulum"));
    expect(pendulum.legend).toEqual(["− ←: less   + →: more   0: rest   space: step"]);
    expect(pendulum.press("+")).toBe("changed");
    expect(pendulum.action).toEqual(Float32Array.of(0.4));
    for (let i = 0; i < 9; i++) pendulum.press("left");
    expect(pendulum.action).toEqual(Float32Array.of(-2));
    expect([pendulum.press("0"), pendulum.press("space"), pendulum.describe()]).toEqual(["changed", "step", "[0]"]);

    const two = controlsOf("rl play", withActions(new Box([1, 0], [2, 8], { dtype: "int32" })));
    for (const key of ["2", "+", "+"]) two.press(key);
    expect([two.action, two.describe(), two.press("3")]).toEqual([Int32Array.of(1, 2), "[1 <2>]", "unknown"]);
    const choices = controlsOf("rl play", withActions(new MultiDiscrete([3, 2])));
    for (const key of ["+", "+", "+", "2", "+"]) choices.press(key);
    expect(choices.action).toEqual(Int32Array.of(2, 1));
    const bits = controlsOf("rl play", withActions(new MultiBinary(3)));
    bits.press("+");
    expect(bits.action).toEqual(Int8Array.of(1, 0, 0));
  });

  test("of what keys cannot give", () => {
    expect(() =>
      controlsOf("rl play", withActions(new Dict({ a: new Discrete(2) }))),
    ).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: rl play: actions of CartPole must be Discrete, Box, MultiDiscrete or MultiBinary; got Dict('a': Discrete(2)). Make one of them with TransformAction.]`,
    );
  });
});

describe("a screen", () => {
  test("holds picture, status and legend, cut to the terminal", () => {
    const session = new PlaySession("rl play", make("ABC", { size: 3 }), 0);
    for (const key of ["0", "1"]) session.play(key);
    expect(`\n${session.screen({ columns: 44, lines: 16 }, false).join("\n")}`).toMatchInlineSnapshot(`
      "
       :----------------------------------------:
       -:::::::::=:::::::::-*++++++++++==========
       -:::::::::=:::::::::-*++++++++++==========
       -::::0::::=::::1::::-*++++2+++++===end====
       -:::::::::=:::::::::-*++++++++++==========
       -:::::::::+:::::::::=*++++++++++==========

      ABC   episode 1   step 2, reward 0, return 0
      next action 1
      0 ←: action 0   1: action 1   2 →: action 2
      r: reset   q: quit"
    `);
    session.play("2");
    expect(() => session.play("0")).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: rl play: an episode must be running; it ended at step 3 (terminated), got 0. Put r before it.]`,
    );
    expect(session.screen({ columns: 44, lines: 16 }, false).join("\n")).toContain("the episode is over");
    expect(session.screen({ columns: 20, lines: 12 }, true).at(-1)).toBe("r: reset   q: quit");
    expect(session.screen({ columns: 30, lines: 12 }, false).every((line) => line.length <= 30)).toBe(true);
  });
});

describe("rl play without a terminal", () => {
  test("presses the keys of --keys and of stdin alike", async () => {
    const flags = ["play", "--env", "CartPole", "--seed", "0"];
    const [byFlag, byPipe] = await Promise.all([
      rl([...flags, "--keys", "1 left r 0 q 1"]),
      rl(flags, "1 left r\n0 q 1"),
    ]);
    expect(byFlag).toMatchObject({ code: 0, stderr: "" });
    expect(byPipe).toEqual(byFlag);
    expect(byFlag.stdout.split("\n").slice(0, 6)).toEqual([
      "0 ←: left   1 →: right",
      "r: reset   q: quit",
      "action 1 (right), step 1, reward 1, return 1",
      "action 0 (left), step 2, reward 1, return 2",
      "reset",
      "action 0 (left), step 1, reward 1, return 1",
    ]);
    expect(byFlag.stdout).not.toContain("\u001b");
  });

  test("gets one line and 2 for what cannot be", async () => {
    const bad = [
      ["play"],
      ["play", "--env", "CartPole", "--keys", "5"],
      ["play", "--env", "CartPole", "--fps", "0"],
      ["play", "--env", "CartPole", "--wrap", "FlattenObservation+FrameStack:stackSize=2"],
      ["play", "--env", "CartPole", "--wrap", "FrameStackObservation:stackSize"],
      ["check-env"],
      ["check-env", "./none.ts"],
      ["check-env", "./a.ts", "--env", "CartPole"],
    ];
    const ended = await Promise.all(bad.map((args) => rl(args)));
    expect(ended.map(({ code }) => code)).toEqual(bad.map(() => 2));
    expect(ended.map(({ stderr }) => stderr)).toMatchSnapshot();
  });
});

describe("rl train --wrap", () => {
  const train = ["train", "--agent", "dqn", "--steps", "60", "--replay-start-size", "32", "--final-episodes", "2"];

  test("is part of the run: config, evaluation, program", async () => {
    const wrap = ["--wrap", "FrameStackObservation:stackSize=2,padding=zero+SignReward"];
    const wrappers = [{ name: "FrameStackObservation", stackSize: 2, padding: "zero" }, { name: "SignReward" }];
    const [config, run] = await Promise.all([
      rl([...train, "--env", "CartPole", ...wrap, "--print-config"]),
      rl([...train, "--env", "CartPole", ...wrap, "--out", "wrapped", "--quiet"]),
    ]);
    const listed =
      "SelectObservation:indices=0,2+FrameStackObservation:stackSize=2,padding=zero+SelectObservation:indices=1";
    const lists = await rl(["train", "--agent", "dqn", "--env", "CartPole", "--wrap", listed, "--print-config"]);
    expect(JSON.parse(lists.stdout).envKwargs.wrappers).toEqual([
      { name: "SelectObservation", indices: [0, 2] },
      { name: "FrameStackObservation", stackSize: 2, padding: "zero" },
      { name: "SelectObservation", indices: 1 },
    ]);
    expect(JSON.parse(config.stdout)).toMatchObject({ env: "CartPole", envKwargs: { wrappers } });
    expect(run).toMatchObject({ code: 0, stderr: "" });
    // a network for 4 numbers would refuse 8
    expect(await rl(["eval", "wrapped", "--episodes", "1"])).toMatchObject({ code: 0, stderr: "" });
    fs.writeFileSync(
      path.join(folder, "pole.ts"),
      'import { CartPole } from "kusari";\nexport default class extends CartPole {}',
    );
    const script = await rl([
      ...train,
      "--env",
      "./pole.ts",
      ...wrap,
      "--env.kinematicsIntegrator",
      "euler",
      "--print-script",
    ]);
    expect(script.stdout).toContain('import { train, wrapBy } from "kusari";');
    expect(script.stdout.replaceAll(/\s+/g, " ")).toContain(
      'env: () => wrapBy(new makeEnv({ kinematicsIntegrator: "euler", }), [{ name: "FrameStackObservation", stackSize: 2,',
    );
  });
});

describe("rl check-env", () => {
  const source = (step: string) => `
    import { Box, Discrete, Env } from "kusari";
    export default class Corridor extends Env<Float32Array, number> {
      readonly observationSpace = new Box(0, 1, { shape: [1] });
      readonly actionSpace = new Discrete(2);
      #place = 0;
      reset({ seed }: { seed?: number } = {}) { this.seedRandom(seed); this.#place = 0; return [new Float32Array(1), {}] as never; }
      step(action: number) { this.#place += action; ${step} }
      saveState() { return { env: super.saveState(), place: this.#place }; }
      loadState(state: never) { super.loadState((state as { env: never }).env); this.#place = (state as { place: number }).place; }
    }`;

  test("says what is fine, and ends with 0", async () => {
    fs.writeFileSync(
      path.join(folder, "fine.ts"),
      source("return [Float32Array.of(Math.min(1, this.#place / 9)), 1, this.#place > 8, false, {}] as never;"),
    );
    const [file, id] = await Promise.all([rl(["check-env", "./fine.ts"]), rl(["check-env", "--env", "CartPole"])]);
    expect(file).toMatchObject({ code: 0, stderr: "" });
    expect(file.stdout).toMatchSnapshot();
    expect(id.code).toBe(0);
    expect(id.stdout).toContain("CartPole: 8 checks, 0 errors, 0 warnings");
  });

  test("says what is wrong, and ends with 2", async () => {
    const steps = {
      "no flags": "return [new Float32Array(1), '1', 0, undefined, null] as never;",
      "an exception": "return (undefined as never as { x: number }).x as never;",
    };
    const names = Object.keys(steps).map((name) => `${name.replaceAll(" ", "-")}.ts`);
    for (const [i, step] of Object.values(steps).entries())
      fs.writeFileSync(path.join(folder, names[i]!), source(step));
    const ended = await Promise.all(names.map((name) => rl(["check-env", `./${name}`, "--seed", "0"])));
    expect(ended.map(({ code }) => code)).toEqual(names.map(() => 2));
    expect(ended.map(({ stdout }) => stdout)).toMatchSnapshot();
  });

  test("gives JSON", async () => {
    const { stdout } = await rl(["check-env", "--env", "Pendulum", "--json"]);
    const report = JSON.parse(stdout) as { env: string; errors: number; checks: { findings: unknown[] }[] };
    expect(report).toMatchObject({ env: "Pendulum-v1", errors: 0, warnings: 0 });
    expect(report.checks.map(({ findings }) => findings)).toEqual(report.checks.map(() => []));
  });
});
