/** `rl export`: writes what a run has learned for other programs. */
import path from "node:path";
import { UsageError } from "../../errors.ts";
import { exportWeights, type Kept, loadAgent, loadEnv } from "../../train/index.ts";
import { makeDirectories } from "../../train/makeDirectories.ts";
import { replaceFile, writeAll } from "../../train/replaceFile.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exitCodes.ts";
import { readFlags } from "../flags.ts";
import { keptSetting, runOf, trainedRunFlags } from "../runArgument.ts";
import { wroteText } from "../writeOutput.ts";

const where = "rl export";

const settings = {
  which: keptSetting("write"),
} as const;

const fileOf = (value: unknown): string | null => (value === undefined ? null : String(value));

function write(file: string, bytes: Uint8Array): void {
  makeDirectories(path.dirname(path.resolve(file)));
  replaceFile(file, (fd) => writeAll(fd, bytes));
}

/** A tensor in words: `obs float32 (batch, 4)`. */
const described = ({ name, type, shape }: { name: string; type: string; shape: readonly (number | string)[] }) =>
  `${name} ${type} (${shape.join(", ")})`;

export const command: Command = {
  usage: `Usage: rl export RUN [--onnx FILE] [--safetensors FILE] [flags]

Writes a trained agent for other programs: its greedy policy as an ONNX model, its weights as safetensors.`,
  examples: [
    "rl export runs/dqn-CartPole-v1-0-1 --onnx cartpole.onnx",
    "rl export runs/dqn-CartPole-v1-0-1 --which best --safetensors cartpole.safetensors",
  ],
  words: 1,

  async options() {
    return {
      onnx: {
        group: "What:",
        nargs: 1,
        describe: "the file of the ONNX model: observations in, greedy actions out",
      },
      safetensors: { group: "What:", nargs: 1, describe: "the file of the weights of all networks" },
      ...trainedRunFlags(settings),
      json: { group: "Output:", boolean: true, describe: "tell what was written as one line of JSON on stdout" },
    };
  },

  async run(argv) {
    const [onnx, safetensors] = [fileOf(argv.onnx), fileOf(argv.safetensors)];
    if (onnx === null && safetensors === null) {
      throw new UsageError(`${where}: --onnx or --safetensors must be given; got neither. Add --onnx FILE.`);
    }
    const { which } = readFlags(where, settings, argv) as { which?: Kept };
    const { directory, config } = await runOf(where, argv);
    const lines: string[] = [];
    const files: Record<string, unknown> = {};
    if (safetensors !== null) {
      const bytes = exportWeights(directory, which);
      write(safetensors, bytes);
      files.safetensors = { file: safetensors, bytes: bytes.length };
      lines.push(`${wroteText(safetensors, bytes.length)}: safetensors`);
    }
    if (onnx !== null) {
      const { exportOnnx } = await import("../../onnx/index.ts");
      const agent = await loadAgent(directory, which);
      const { observationSpace, actionSpace } = loadEnv(directory);
      const model = exportOnnx(agent, {
        env: config.env,
        observationSpace: String(observationSpace),
        actionSpace: String(actionSpace),
      });
      write(onnx, model.bytes);
      const { opset, inputs, outputs } = model;
      files.onnx = { file: onnx, bytes: model.bytes.length, opset, inputs, outputs };
      lines.push(
        `${wroteText(onnx, model.bytes.length)}: ONNX, opset ${opset}`,
        `  in   ${inputs.map(described).join(", ")}`,
        `  out  ${outputs.map(described).join(", ")}`,
      );
    }
    const line = { event: "export", agent: config.agent, env: config.env, runDirectory: directory, ...files };
    process.stdout.write(argv.json ? `${JSON.stringify(line)}\n` : `${lines.join("\n")}\n`);
    return exitCodes.fine;
  },
};
