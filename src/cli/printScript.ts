/** `--print-script`: the same run as a TypeScript program. */

/** What the program needs to know of an environment in a file. */
export interface ScriptEnvFile {
  readonly file: string;
  readonly exported: "class" | "factory" | "id";
  readonly id: string;
}

/** A JSON value as TypeScript writes it: keys without quotes where they need none, lists on one line. */
function literal(value: unknown, indent = ""): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, indent)).join(", ")}]`;
  const inner = `${indent}  `;
  const lines = Object.entries(value).map(([key, item]) => `${inner}${property(key)}: ${literal(item, inner)},\n`);
  return lines.length === 0 ? "{}" : `{\n${lines.join("")}${indent}}`;
}

const property = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key));

/** A path as an import wants it: `./my-env.ts`. */
const importPath = (file: string): string => {
  const slashes = file.replaceAll("\\", "/");
  return /^\.{0,2}\//.test(slashes) ? slashes : `./${slashes}`;
};

/**
 * The program that does what a complete config says.
 * @param config what `train` is given, as JSON
 * @param envFile where the environment is one of the user's
 */
export function printScript(config: Readonly<Record<string, unknown>>, envFile: ScriptEnvFile | null): string {
  const { env, envKwargs, ...rest } = config;
  const imports: string[] = [];
  let names = "train";
  let environment: Record<string, unknown> = { env, ...(isEmpty(envKwargs) ? {} : { envKwargs }) };
  let maker = "";
  if (envFile) {
    const from = JSON.stringify(importPath(envFile.file));
    const { wrappers, ...ownKwargs } = (envKwargs ?? {}) as Readonly<Record<string, unknown>>;
    const kwargs = literal(ownKwargs);
    if (envFile.exported === "id") {
      imports.push(`import ${from};\n`);
      environment = { ...environment, env: envFile.id };
    } else {
      imports.push(`import makeEnv from ${from};\n`);
      environment = {};
      const made = `${envFile.exported === "class" ? "new " : ""}makeEnv(${kwargs})`;
      if (wrappers !== undefined) names = "train, wrapBy";
      maker = `  env: () => ${wrappers === undefined ? made : `wrapBy(${made}, ${literal(wrappers, "  ")})`},\n`;
    }
  }
  // what stays open until the environment is made is left out
  const told = Object.entries({ ...environment, ...rest }).filter(([, value]) => value !== undefined);
  const lines = told.map(([key, value]) => `  ${key}: ${literal(value, "  ")},\n`);
  return `import { ${names} } from "kusari";
${imports.join("")}
const run = train({
${maker}${lines.join("")}});

run.on("evaluation", ({ step, evaluation }) => console.log(\`step \${step}: mean return \${evaluation.mean}\`));

const { outcome, evaluation, runDirectory } = await run;
console.log(outcome, evaluation, runDirectory);
`;
}

const isEmpty = (value: unknown): boolean => Object.keys((value as object | undefined) ?? {}).length === 0;
