/** The command as a user runs it: the built dist/cli/main.js in processes of its own. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
let folder: string;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const environment = (): NodeJS.ProcessEnv => {
  const { RL_DEBUG: _, FORCE_COLOR: __, ...rest } = process.env;
  return rest;
};

/** Runs `rl` in the temporary folder. */
function rl(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd: folder, env: environment() }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

const words = (line: string): string[] => line.split(" ");

/** A short DQN run. */
const short = words(
  "train --agent dqn --env CartPole --steps 600 --stop-at none --eval-interval 300 --eval-episodes 2",
);
/** One that goes on until it is stopped. */
const endless = words("train --agent dqn --env CartPole --steps 100000000 --stop-at none --eval-episodes 1");

const jsonLines = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const write = (name: string, text: string) => fs.writeFileSync(path.join(folder, name), text);
const read = (name: string) => fs.readFileSync(path.join(folder, name), "utf8");

beforeAll(async () => {
  if (!fs.existsSync(main)) throw new Error(`test: ${main} must be there; got no such file. Run npm run build first.`);
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kusari-cli-"));
  const { code, stderr } = await rl(...short, "--final-episodes", "3", "--out", "done");
  if (code !== 0) throw new Error(`test: the run that other tests look at must end with 0; got ${code}: ${stderr}`);
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

describe("bad input gets one line and its exit code", () => {
  const checkpoints = (run: string) => path.join(folder, run, "checkpoints");

  /** A copy of the finished run. */
  function copyRun(name: string): string {
    fs.cpSync(path.join(folder, "done"), path.join(folder, name), { recursive: true });
    return name;
  }

  test("words, flags, values and files", async () => {
    write("typo.json", '{"agent": "dqn", "env": "CartPole", "learningRat": 0.1}');
    write("value.json", '{"agent": "dqn", "env": "CartPole", "hyperparameters": {"gamma": 2}}');
    write("broken.json", '{"agent": ');
    write("file", "");
    copyRun("cut");
    copyRun("foreign");
    copyRun("weights");
    for (const file of fs.readdirSync(checkpoints("cut"))) fs.truncateSync(path.join(checkpoints("cut"), file), 1_000);
    for (const file of fs.readdirSync(checkpoints("foreign")))
      write(`foreign/checkpoints/${file}`, "GIF89a, a picture");
    fs.truncateSync(path.join(folder, "weights/finish/model.safetensors"), 100);
    write("foreign.txt", "no config");
    const train = "train --agent dqn --env CartPole";
    const lines = [
      "trian",
      "--agent dqn",
      "train --env CartPole",
      "train --agent dqn",
      `${train} --setps 5`,
      `${train} --steps`,
      `${train} --steps abc`,
      `${train} --steps -5`,
      `${train} --steps 1e3.5`,
      `${train} --no-steps`,
      `${train} --gamma 2`,
      `${train} --hidden-sizes 64,x`,
      `${train} --activation rellu`,
      `${train} --clip-delta=maybe`,
      `${train} 500`,
      `${train} --device cuda`,
      `${train} --env.suttonBarto true`,
      `${train} --config typo.json`,
      `${train} --config value.json`,
      `${train} --config broken.json`,
      `${train} --config nothing.json`,
      `${train} --out done`,
      `${train} --out file/run`,
      `${train} --out /proc/kusari`,
      "train --agent dqnn --env CartPole",
      "train --agent dqn --env Cartpol",
      "train --agent dqn --env ./nothing.ts",
      "resume",
      "resume nothing",
      "resume done",
      "resume done --steps 100",
      "resume cut --steps 1000",
      "resume foreign --steps 1000",
      "eval nothing",
      "eval done --which last",
      "eval done --episodes 0",
      "eval weights",
      "list agent",
      "list",
      "sweep",
      "sweep --agent dqn --env CartPole --seeds 3-1",
      "sweep --agent dqn --env CartPole --dashboard",
      "sweep --config nothing.json",
    ];
    const said: Record<string, string> = {};
    // a few at a time: each is a process
    const queue = [...lines];
    const worker = async () => {
      for (let line = queue.shift(); line !== undefined; line = queue.shift()) {
        const { code, stdout, stderr } = await rl(...words(line));
        expect(stdout, line).toBe("");
        expect(stderr, line).toMatch(/^[^\n]+\n$/);
        // how long a header is depends on the last digits of what was learned
        said[line] = `${code} ${stderr.trimEnd()}`.replaceAll(/header of \d{4} bytes/g, "header of N bytes");
      }
    };
    await Promise.all([worker(), worker(), worker()]);
    expect(lines.map((line) => `rl ${line}\n  ${said[line]}`).join("\n")).toMatchInlineSnapshot(`
      "rl trian
        2 rl: the command must be one of train, resume, watch, record, eval, plot, compare, runs, dashboard, sweep, export, list, play, check-env, devices; got trian. Did you mean npx rl train?
      rl --agent dqn
        2 rl: a command must come first; got --agent. See npx rl --help.
      rl train --env CartPole
        2 rl train: --agent must be given; got none. Choose one with npx rl list agents.
      rl train --agent dqn
        2 rl train: --env must be given; got none. Choose one with npx rl list envs, or pass a file.
      rl train --agent dqn --env CartPole --setps 5
        2 rl train: there is no flag --setps. Did you mean --steps?
      rl train --agent dqn --env CartPole --steps
        2 rl train: --steps needs a value; got none.
      rl train --agent dqn --env CartPole --steps abc
        2 rl train: --steps must be a whole number of at least 1; got abc. Meaning: environment steps to train for at most.
      rl train --agent dqn --env CartPole --steps -5
        2 rl train: --steps must be a whole number of at least 1; got -5. Meaning: environment steps to train for at most.
      rl train --agent dqn --env CartPole --steps 1e3.5
        2 rl train: --steps must be a whole number of at least 1; got 1e3.5. Meaning: environment steps to train for at most.
      rl train --agent dqn --env CartPole --no-steps
        2 rl train: --steps must be a whole number of at least 1; got false. Meaning: environment steps to train for at most.
      rl train --agent dqn --env CartPole --gamma 2
        2 rl train: --gamma must be a number between 0 and 1; got 2. Meaning: discount per environment step.
      rl train --agent dqn --env CartPole --hidden-sizes 64,x
        2 rl train: --hidden-sizes must be a list of whole numbers of at least 1; got 64,x. Meaning: units of the hidden layers.
      rl train --agent dqn --env CartPole --activation rellu
        2 rl train: --activation must be one of relu, tanh, sigmoid; got rellu. Meaning: activation of the hidden layers.
      rl train --agent dqn --env CartPole --clip-delta=maybe
        2 rl train: --clip-delta must be true or false; got maybe. Write --clip-delta or --no-clip-delta.
      rl train --agent dqn --env CartPole 500
        2 rl train: every value needs its flag; got 500. See npx rl train --help.
      rl train --agent dqn --env CartPole --device cuda
        2 rl train: --device must be one of auto, cpu, gpu, reference; got cuda. Meaning: device that runs the networks.
      rl train --agent dqn --env CartPole --env.suttonBarto true
        2 rl train: CartPole-v1 takes suttonBartoReward, kinematicsIntegrator, maxEpisodeSteps, reuseObs, renderMode, wrappers; got suttonBarto. Check its spelling.
      rl train --agent dqn --env CartPole --config typo.json
        2 rl train: there is no config key learningRat for dqn. Did you mean learningRate?
      rl train --agent dqn --env CartPole --config value.json
        2 rl train: gamma must be a number between 0 and 1; got 2. Meaning: discount per environment step.
      rl train --agent dqn --env CartPole --config broken.json
        2 rl train: broken.json must be JSON; Unexpected end of JSON input.
      rl train --agent dqn --env CartPole --config nothing.json
        2 rl train: --config must be a file that can be read; got nothing.json (ENOENT). Check the path.
      rl train --agent dqn --env CartPole --out done
        2 rl train: out must be a directory without a run; got done, which holds one. Choose another, or continue that run with npx rl resume done.
      rl train --agent dqn --env CartPole --out file/run
        2 rl train: out must be a directory; got file/run, where a file is. Choose another.
      rl train --agent dqn --env CartPole --out /proc/kusari
        3 rl train: /proc/kusari must be writable; nothing can be made there (ENOENT). Choose another place with out.
      rl train --agent dqnn --env CartPole
        2 rl train: agent must be one of dqn, doubledqn, dueling, sarsa, al, pal, doublepal, dpp, dppl, dppgreedy, residualdqn, noisydqn, c51, doublec51, iqn, doubleiqn, rainbow, naf, reinforce, a2c, a3c, nsq, ddpg, svg0, pgt, pcl, acer, td3, sac, ppo, trpo; got dqnn. Did you mean dqn?
      rl train --agent dqn --env Cartpol
        2 rl train: an environment's id must be a registered one; got Cartpol. Did you mean CartPole-v1?
      rl train --agent dqn --env ./nothing.ts
        2 rl train: --env must be an environment's id or a file; got ./nothing.ts, which is not there.
      rl resume
        2 rl resume: the run directory must be given; got none. Write npx rl resume RUN.
      rl resume nothing
        2 rl resume: the run directory must be one that train made; got nothing, which is not there. Check the path.
      rl resume done
        2 rl resume: a run must not have come to its end; got done, finished at step 600 with mean return 17. Train on with --steps above 600, or look at it with npx rl eval done.
      rl resume done --steps 100
        2 rl resume: a run must not have come to its end; got done, finished at step 600 with mean return 17. Train on with --steps above 600, or look at it with npx rl eval done.
      rl resume cut --steps 1000
        4 rl resume: cut/checkpoints/step-600.safetensors must have a header of N bytes; got 992. It is cut off. Resume from another checkpoint. cut/checkpoints/step-0.safetensors must have a header of N bytes; got 992. It is cut off. Resume from another checkpoint.
      rl resume foreign --steps 1000
        4 rl resume: foreign/checkpoints/step-600.safetensors must have a header of 2318334806574123500 bytes; got 9. It is damaged or no checkpoint of kusari. Resume from another checkpoint. foreign/checkpoints/step-0.safetensors must have a header of 2318334806574123500 bytes; got 9. It is damaged or no checkpoint of kusari. Resume from another checkpoint.
      rl eval nothing
        2 rl eval: the run directory must be one that train made; got nothing, which is not there. Check the path.
      rl eval done --which last
        2 rl eval: --which must be one of best, finish; got last. Meaning: weights to play: those of the best evaluation or of the result.
      rl eval done --episodes 0
        2 rl eval: --episodes must be a whole number of at least 1; got 0. Meaning: greedy episodes to play.
      rl eval weights
        4 rl eval: the weights in weights/finish are of no use; safetensors: the header must end within the file, at byte 488; got 100 bytes. The file was cut short; get it again.
      rl list agent
        2 rl list: what to list must be agents or envs; got agent. Did you mean npx rl list agents?
      rl list
        2 rl list: what to list must be agents or envs; got nothing. Write npx rl list agents.
      rl sweep
        2 rl sweep: --agent must be given; got none. Choose one with npx rl list agents.
      rl sweep --agent dqn --env CartPole --seeds 3-1
        2 rl sweep: --seeds must be whole numbers and ranges; got 3-1, where 3-1 ends before it begins. Write --seeds 0-9 or --seeds 0,3,5.
      rl sweep --agent dqn --env CartPole --dashboard
        2 rl sweep: there is no flag --dashboard. See npx rl sweep --agent dqn --help.
      rl sweep --config nothing.json
        2 rl sweep: --config must be a file that can be read; got nothing.json (ENOENT). Check the path."
    `);
  });

  // only there a driver can be taken away
  test.runIf(process.platform === "linux")("no GPU: what to do, and its own exit code", async () => {
    const env = { ...environment(), VK_DRIVER_FILES: "/nothing.json", LD_LIBRARY_PATH: "" };
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      const args = [main, ...short, "--device", "gpu", "--out", "none"];
      execFile(process.execPath, args, { cwd: folder, env }, (error, _stdout, text) => {
        resolve({ code: error?.code, stderr: text });
      });
    });
    expect(code).toBe(3);
    // Dawn's loader may have its say before
    expect(stderr.trimEnd().split("\n").at(-1)).toMatch(
      /^rl train: there must be a WebGPU adapter; got none\. .*use the cpu\.$/,
    );
  });

  test("RL_DEBUG=1 shows the stack", async () => {
    const env = { ...environment(), RL_DEBUG: "1" };
    const stderr = await new Promise<string>((resolve) => {
      execFile(process.execPath, [main, "trian"], { env }, (_error, _stdout, text) => resolve(text));
    });
    expect(stderr).toMatch(/^UsageError: rl: .*\n +at /);
  });
});

describe("help and lists", () => {
  test("--version is package.json's", async () => {
    const { version } = JSON.parse(fs.readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await rl("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
  test("--help names the commands and the exit codes; no command shows the same", async () => {
    const [help, bare] = await Promise.all([rl("--help"), rl()]);
    expect(help.stdout).toMatchInlineSnapshot(`
      "Usage: rl COMMAND [flags]

      Kusari: reinforcement learning for TypeScript.

      Commands:
        rl train             train an agent
        rl resume RUN        continue a stopped run
        rl watch RUN         watch a trained agent play
        rl record RUN        write a trained agent's episode as a GIF
        rl eval RUN          score a trained agent over greedy episodes
        rl plot RUN…         draw learning curves
        rl compare A B       say which runs are better
        rl runs [FOLDER…]    list runs
        rl dashboard [RUNS]  show runs in a page
        rl sweep             search hyperparameters
        rl export RUN        write a trained agent as ONNX or safetensors
        rl list agents|envs  list the agents or the environments
        rl play              play an environment by hand
        rl check-env FILE    check an environment of your own
        rl devices           list what can run the networks here

      Options:
        -h, --help     show this help
            --version  show the version

      rl COMMAND --help tells more about a command.

      Exit codes:
          0  fine
          1  an unexpected internal error
          2  wrong usage: unknown command, flag, agent, environment or config key, bad value
          3  the machine: no device, disk full, directory not writable
          4  a damaged or foreign file, such as a cut-off checkpoint
        130  stopped by Ctrl-C (SIGINT)   143  stopped by SIGTERM
      "
    `);
    expect(bare).toEqual(help);
  });
  test("train --help shows the agent's hyperparameters with meaning, default and source, presets marked", async () => {
    const [known, bare] = await Promise.all([
      rl(...words("train --agent dqn --env CartPole --help")),
      rl(...words("train --agent dqn --help")),
    ]);
    const flat = (text: string) => text.replaceAll(/\s+/g, " ");
    expect(known.stdout).toContain("Hyperparameters of dqn (DQN):");
    expect(flat(known.stdout)).toContain("--learning-rate Adam's step size [default 0.004: preset for CartPole-v1]");
    expect(flat(known.stdout)).toContain("[default 475: reward threshold of CartPole-v1]");
    expect(flat(bare.stdout)).toContain("--learning-rate Adam's step size [default 0.001: Kingma & Ba 2015]");
    expect(flat(bare.stdout)).toContain("[default the environment's reward threshold]");
  });
  test("export writes a model and weights", async () => {
    const { code, stdout } = await rl(
      "export",
      "done",
      "--onnx",
      "done.onnx",
      "--safetensors",
      "done.safetensors",
      "--json",
    );
    expect(code).toBe(0);
    const file = (name: string) => ({ file: name, bytes: fs.statSync(path.join(folder, name)).size });
    expect(JSON.parse(stdout)).toEqual({
      event: "export",
      agent: "dqn",
      env: "CartPole-v1",
      runDirectory: "done",
      safetensors: file("done.safetensors"),
      onnx: {
        ...file("done.onnx"),
        opset: 18,
        inputs: [{ name: "obs", type: "float32", shape: ["batch", 4] }],
        outputs: [
          { name: "action", type: "int64", shape: ["batch"] },
          { name: "values", type: "float32", shape: ["batch", 2] },
        ],
      },
    });
    expect((await rl("export", "done", "--onnx", "again.onnx")).stdout).toMatch(
      /^wrote again\.onnx \(\d+ kB\): ONNX, opset 18\n {2}in {3}obs float32 \(batch, 4\)\n {2}out {2}action int64 \(batch\), values /,
    );
    expect((await rl("export", "done")).stderr).toBe(
      "rl export: --onnx or --safetensors must be given; got neither. Add --onnx FILE.\n",
    );
    expect((await rl("export", "done", "--onnx", "new/folder.onnx")).code).toBe(0);
    expect((await rl("export", "done", "--onnx", "/proc/kusari/a.onnx")).code).toBe(3);
  });

  test("devices lists the cpu with its measurements, and the GPU or why there is none", async () => {
    const { code, stdout } = await rl("devices", "--json");
    expect(code).toBe(0);
    const [cpu, gpu] = JSON.parse(stdout) as Record<string, unknown>[];
    expect(cpu).toMatchObject({ name: "cpu", variant: expect.stringMatching(/relaxed-fma|mul-add/), adapter: null });
    for (const name of ["gigaflops", "launchMicroseconds", "readMilliseconds"]) expect(cpu![name]).toBeGreaterThan(0);
    expect(gpu!.error ?? (gpu!.adapter as { limits: object }).limits).toBeDefined();
  });
  test("list agents and list envs, as tables and as JSON", async () => {
    const [agents, envs, agentsJson, envsJson] = await Promise.all([
      rl("list", "agents"),
      rl("list", "envs"),
      rl("list", "agents", "--json"),
      rl("list", "envs", "--json"),
    ]);
    expect(agents.stdout).toMatch(/^id +actions +recurrent +async +paper\n/);
    expect(agents.stdout).toMatch(/^dqn +Discrete +yes +learner +Mnih et al\. 2015/m);
    expect(envs.stdout).toMatch(/^id +observations +actions +max steps +reward threshold +older versions\n/);
    expect(envs.stdout).toMatch(/^CartPole-v1 +Box.* +Discrete\(2\) +500 +475 +CartPole-v0$/m);
    expect(JSON.parse(agentsJson.stdout)).toContainEqual(
      expect.objectContaining({ id: "dqn", actionSpaces: ["Discrete"] }),
    );
    expect(JSON.parse(envsJson.stdout)).toContainEqual(
      expect.objectContaining({ id: "CartPole-v1", maxEpisodeSteps: 500, rewardThreshold: 475 }),
    );
  });
});

describe("train, eval and resume", () => {
  test("--json: NDJSON of the run's events alone on stdout, the result last", async () => {
    const { code, stdout, stderr } = await rl(...short, "--final-episodes", "3", "--json");
    const events = jsonLines(stdout);
    expect(code).toBe(0);
    expect(events[0]).toMatchObject({ event: "start", agent: "dqn", env: "CartPole-v1", seed: 0, steps: 600 });
    const { seconds, stepsPerSecond, evaluation, ...rest } = events.at(-1)!;
    expect(Object.keys(events.at(-1)!).slice(0, 10)).toEqual(
      words("event agent env seed steps episodes seconds stepsPerSecond evaluation runDirectory"),
    );
    expect(rest).toMatchObject({ event: "result", steps: 600, outcome: "finished", runDirectory: expect.any(String) });
    expect(Object.keys(evaluation as object)).toEqual(words("episodes mean median stdev min max"));
    expect(seconds).toBeGreaterThan(0);
    expect(stepsPerSecond).toBeGreaterThan(0);
    expect(new Set(events.map(({ event }) => event))).toEqual(
      new Set(words("start progress evaluation checkpoint result")),
    );
    expect(stderr).toMatch(/^on the cpu: .*\nstep 300: mean return .*\n/);
    expect(stderr).not.toContain("\u001b");
  });

  test("piped: evaluations on stderr, the report on stdout, with commands that work", async () => {
    const { stdout, stderr } = await rl(...short, "--final-episodes", "3", "--out", "piped run");
    const shape = stdout.replaceAll(/\d+(\.\d+)?k?/g, "#");
    expect(shape).toMatchInlineSnapshot(`
      "finished: mean return # ± # over # greedy episodes (min #, median #, max #)
      # steps, # episodes, # s (# steps/s)
      saved in 'piped run'
      next: npx rl watch 'piped run'
            npx rl plot 'piped run'
            npx rl eval 'piped run'
      "
    `);
    expect(stderr.replaceAll(/\d+(\.\d+)?/g, "#").replaceAll(" best so far", "")).toMatchInlineSnapshot(`
      "on the cpu: an update of # MFLOP is too small for any GPU
      step #: mean return # ± # (min #, max #, # episodes)
      step #: mean return # ± # (min #, max #, # episodes)
      "
    `);
    const quiet = await rl(...short, "--final-episodes", "3", "--out", "none", "--quiet");
    expect(quiet.stderr).toBe("");
    expect(quiet.stdout).toMatch(/^finished: mean return /);
  });

  test("eval plays the kept weights, the same for the same seed", async () => {
    const [text, once, again] = await Promise.all([
      rl(...words("eval done --episodes 5")),
      rl(...words("eval done --episodes 5 --seed 7 --json")),
      rl(...words("eval done --episodes 5 --seed 7 --json --which finish")),
    ]);
    expect(text.stdout).toMatch(/^mean return \S+ ± \S+ over 5 greedy episodes \(min .*\)\n$/);
    expect(JSON.parse(once.stdout)).toMatchObject({ event: "evaluation", agent: "dqn", which: "finish", seed: 7 });
    expect(again.stdout).toBe(once.stdout);
  });

  test("--print-config is complete and trains the same as the flags it came from", async () => {
    const flags = [...short, "--final-episodes", "3", "--env.suttonBartoReward", "true", "--hidden-sizes", "8"];
    const printed = await rl(...flags, "--print-config");
    const config = JSON.parse(printed.stdout);
    expect(config).toMatchObject({
      agent: "dqn",
      env: "CartPole",
      envKwargs: { suttonBartoReward: true },
      steps: 600,
      stopAt: null,
      hyperparameters: { hiddenSizes: [8], learningRate: 0.004, gamma: 0.99 },
    });
    write("printed.json", printed.stdout);
    const [byFlags, byFile] = await Promise.all([
      rl(...flags, "--out", "byFlags", "--quiet"),
      rl(...words("train --config printed.json --out byFile --quiet")),
    ]);
    expect([byFlags.code, byFile.code]).toEqual([0, 0]);
    expect(read("byFile/metrics.ndjson")).toBe(read("byFlags/metrics.ndjson"));
    // a run's config.json trains it again, and flags win over it
    const again = await rl(...words("train --config byFlags/config.json --print-config --seed 4"));
    // the run wrote down which device "auto" was
    expect(JSON.parse(again.stdout)).toEqual({ ...config, env: "CartPole-v1", seed: 4, device: "cpu" });
  });

  test("--print-script leaves open what only Python knows", async () => {
    const { stdout } = await rl(...words("train --agent dqn --env python:CartPole-v1 --print-script"));
    expect(stdout).toContain('  env: "python:CartPole-v1",\n');
    expect(stdout).not.toMatch(/stopAt|undefined/);
  });

  test("--print-script is a program that runs", async () => {
    const { stdout } = await rl(...short, "--final-episodes", "3", "--hidden-sizes", "8", "--print-script");
    expect(stdout).toMatchInlineSnapshot(`
      "import { train } from "kusari";

      const run = train({
        env: "CartPole",
        agent: "dqn",
        device: "auto",
        steps: 600,
        envs: 1,
        vectorMode: "auto",
        seed: 0,
        evalInterval: 300,
        evalEpisodes: 2,
        confirmEpisodes: 90,
        finalEpisodes: 3,
        stopAt: null,
        checkpointInterval: 50000,
        actors: 1,
        restartActors: false,
        reportInterval: 500,
        tensorboard: false,
        hyperparameters: {
          gamma: 0.99,
          learningRate: 0.004,
          adamEps: 1e-8,
          hiddenSizes: [8],
          activation: "relu",
          convolutions: "auto",
          recurrent: "none",
          sequenceLength: 10,
          burnIn: 5,
          replayCapacity: 50000,
          frameStack: 1,
          replayDevice: "cpu",
          replayStartSize: 500,
          minibatchSize: 32,
          updateInterval: 64,
          updatesPerInterval: 32,
          targetUpdateInterval: 32,
          targetUpdateMethod: "hard",
          tau: 0.01,
          clipDelta: true,
          batchAccumulator: "mean",
          maxGradNorm: 10,
          rewardScale: 0.1,
          nStep: 1,
          sampling: "uniform",
          priorityExponent: 0.6,
          importanceExponent: 0.4,
          importanceSteps: 100000,
          startEpsilon: 1,
          endEpsilon: 0.05,
          decaySteps: 4000,
        },
      });

      run.on("evaluation", ({ step, evaluation }) => console.log(\`step \${step}: mean return \${evaluation.mean}\`));

      const { outcome, evaluation, runDirectory } = await run;
      console.log(outcome, evaluation, runDirectory);
      "
    `);
    // plain JavaScript too; the package by its place, as it is not installed here
    const index = pathToFileURL(path.join(path.dirname(main), "../index.js")).href;
    write("script.mjs", stdout.replace('"kusari"', JSON.stringify(index)));
    const ran = await new Promise<string>((resolve, reject) => {
      execFile(process.execPath, ["script.mjs"], { cwd: folder }, (error, out) =>
        error ? reject(error) : resolve(out),
      );
    });
    expect(ran).toMatch(/step 300: mean return .*\nstep 600: mean return .*\nfinished /);
  });
});

describe("an environment in a file", () => {
  const coin = `
    import { Box, Discrete, Env } from "kusari";
    export class Coin extends Env<Float32Array, number> {
      readonly observationSpace = new Box([0], [1]);
      readonly actionSpace = new Discrete(2);
      readonly #length: number;
      #left = 0;
      constructor({ length = 5 }: { length?: number } = {}) { super(); this.#length = length; }
      override reset({ seed }: { seed?: number } = {}) { this.seedRandom(seed); this.#left = this.#length; return [new Float32Array(1), {}] as never; }
      step(action: number) { return [new Float32Array(1), action, --this.#left === 0, false, {}] as never; }
      override saveState() { return { env: super.saveState(), left: this.#left }; }
      override loadState(state: never) { super.loadState((state as { env: never }).env); this.#left = (state as { left: number }).left; }
    }
  `;
  const flags = (file: string) =>
    words(
      `train --agent dqn --env ./${file} --steps 60 --replay-start-size 32 --eval-interval 30 --final-episodes 2 --json`,
    );

  test("a class, with keyword arguments; eval takes the file again", async () => {
    write("class.ts", `${coin}\nexport default Coin;`);
    const { stdout, stderr, code } = await rl(...flags("class.ts"), "--env.length", "3", "--out", "coin");
    expect(stderr).not.toContain("rl:");
    expect(code).toBe(0);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ env: "file:class", steps: 60, episodes: 20 });
    expect(stderr).toContain("rl eval coin --env ./class.ts");
    const [without, withFile] = await Promise.all([
      rl("eval", "coin"),
      rl(...words("eval coin --env ./class.ts --episodes 2")),
    ]);
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining("Add --env FILE.") });
    expect(withFile).toMatchObject({ code: 0, stdout: expect.stringContaining("over 2 greedy episodes") });
  });

  test("a factory, and an id that the module registers", async () => {
    write("factory.ts", `${coin}\nexport default (kwargs: object) => new Coin(kwargs);`);
    write(
      "id.ts",
      `import { register } from "kusari";\n${coin}\n
      register({ id: "Coin-v3", entryPoint: (kwargs: object) => new Coin(kwargs), rewardThreshold: 5 });
      export default "Coin-v3";`,
    );
    const [factory, id] = await Promise.all([rl(...flags("factory.ts")), rl(...flags("id.ts"))]);
    expect(jsonLines(factory.stdout).at(-1)).toMatchObject({ env: "file:factory", episodes: 12 });
    expect(jsonLines(id.stdout).at(-1)).toMatchObject({ env: "Coin-v3" });
    const scripts = await Promise.all([
      rl(...flags("factory.ts"), "--print-script"),
      rl(...flags("id.ts"), "--print-script"),
    ]);
    expect(scripts.map(({ stdout }) => stdout.match(/^import .*|^ {2}env.*/gm))).toMatchInlineSnapshot(`
      [
        [
          "import { train } from "kusari";",
          "import makeEnv from "./factory.ts";",
          "  env: () => makeEnv({}),",
          "  envs: 1,",
        ],
        [
          "import { train } from "kusari";",
          "import "./id.ts";",
          "  env: "Coin-v3",",
          "  envs: 1,",
        ],
      ]
    `);
  });

  test("what is wrong with it is said in one line", async () => {
    write("syntax.ts", "export default class {");
    write("throws.ts", 'throw new RangeError("out of coins");');
    write("nothing.ts", "export const x = 1;");
    write("other.ts", "export default () => ({ step() {} });");
    write("string.ts", 'export default "Coin-v9";');
    const files = words("syntax.ts throws.ts nothing.ts other.ts string.ts");
    const ended = await Promise.all(files.map((file) => rl(...flags(file))));
    expect(ended.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
    expect(
      ended.map(({ stderr }) => stderr.replaceAll(`${fs.realpathSync(folder)}/`, "")).join(""),
    ).toMatchInlineSnapshot(`
      "rl train: ./syntax.ts must be a module that runs; it failed with Error: ParseError: Unexpected token syntax.ts:1:22
      rl train: ./throws.ts must be a module that runs; it failed with RangeError: out of coins
      rl train: ./nothing.ts must export by default a class of environments, a function that makes one, or an id that it registered; got an object of class Object.
      rl train: what ./other.ts makes must have observationSpace, actionSpace, reset, step, saveState, loadState; got an object of class Object without observationSpace, actionSpace, reset, saveState, loadState. Extend Env of kusari.
      rl train: ./string.ts must export by default a class of environments, a function that makes one, or an id that it registered; got the id Coin-v9.
      "
    `);
  });
});

describe("signals and closed pipes", () => {
  const start = (...args: readonly string[]) => spawn(process.execPath, args, { cwd: folder, env: environment() });

  /** What a process writes and how it ends. */
  const ending = (child: ChildProcess) =>
    new Promise<Ended>((resolve) => {
      let stdout = "";
      let stderr = "";
      child.stdout!.on("data", (data) => (stdout += data));
      child.stderr!.on("data", (data) => (stderr += data));
      child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
    });

  const firstOutput = (stream: NodeJS.ReadableStream) => new Promise((resolve) => stream.once("data", resolve));

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s saves, says how to continue and exits with %i; resume goes on", async (signal, expected) => {
    const out = `stopped-${signal}`;
    const child = start(main, ...endless, "--json", "--out", out);
    const ended = ending(child);
    await firstOutput(child.stdout!);
    child.kill(signal);
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(expected);
    expect(stderr).toContain(`saved; continue with npx rl resume ${out}\n`);
    const result = jsonLines(stdout).at(-1)!;
    expect(result).toMatchObject({ event: "result", outcome: "stopped" });
    const steps = (result.steps as number) + 100;
    const resumed = await rl("resume", out, "--steps", String(steps), "--json");
    expect(resumed).toMatchObject({ code: 0 });
    const events = jsonLines(resumed.stdout);
    expect(events[0]).toMatchObject({ event: "start", fromStep: result.steps });
    expect(events.at(-1)).toMatchObject({ outcome: "finished", steps });
  });

  test("a second SIGINT exits at once", async () => {
    const watchRun = pathToFileURL(path.join(path.dirname(main), "watchRun.js")).href;
    // a run that does not come to its end
    write(
      "stuck.mjs",
      `import { watchRun } from ${JSON.stringify(watchRun)};
      const never = new Promise(() => setInterval(() => {}, 1_000));
      const run = { stop: () => never, [Symbol.asyncIterator]: () => ({ next: () => never }) };
      void watchRun(run, {}, null);
      console.log("ready");`,
    );
    const child = start("stuck.mjs");
    const ended = ending(child);
    await firstOutput(child.stdout!);
    child.kill("SIGINT");
    await firstOutput(child.stderr!);
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 130, stderr: "stopping; once more to quit without saving\n" });
  });

  test("a reader that goes away ends the run quietly, and it is saved", async () => {
    const child = start(main, ...endless, "--json", "--out", "unread");
    const ended = ending(child);
    await firstOutput(child.stdout!);
    child.stdout!.destroy();
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr.replaceAll(/^(on the cpu:|step) .*\n/gm, "")).toBe("");
    expect(fs.readdirSync(path.join(folder, "unread/checkpoints"))).toHaveLength(2);
  });
});
