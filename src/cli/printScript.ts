/** `--print-script`: the same run as a TypeScript program. */
import { isEnvFile } from "./envFile.ts";

/** A JSON value as TypeScript writes it: keys without quotes where they need none, short lists on one line. */
function literal(value: unknown, indent: string): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) return `[${value.map((x) => literal(x, inner)).join(", ")}]`;
  const entries = Object.entries(value).map(([key, x]) => {
    const name = /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
    return `${inner}${name}: ${literal(x, inner)},\n`;
  });
  return entries.length === 0 ? "{}" : `{\n${entries.join("")}${indent}}`;
}
