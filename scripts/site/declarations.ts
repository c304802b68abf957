/** What a folder of the package exports, read from the declarations that `npm run build` writes. */
import { readFileSync } from "node:fs";
import path from "node:path";

export type Kind = "class" | "function" | "interface" | "type" | "const" | "let" | "namespace";

export interface Member {
  /** Without its comment, in one piece. */
  readonly code: string;
  /** The comment's text; empty where there is none. */
  readonly doc: string;
}

export interface Declaration {
  readonly name: string;
  readonly kind: Kind;
  readonly doc: string;
  /** Overloads of a function, or the one declaration. Of classes and interfaces the head alone. */
  readonly code: readonly string[];
  /** Of classes and interfaces. */
  readonly members: readonly Member[];
  /** The source: `src/envs/env.ts`. */
  readonly source: string;
}

/** A comment's text without stars. */
const docText = (comment: string): string =>
  comment
    .replace(/^\s*\/\*\*|\*\/\s*$/g, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n")
    .trim();

/** Pieces of a file or a body: statements at its outermost level, each with the comment before it. */
function pieces(text: string): Member[] {
  const found: Member[] = [];
  let doc = "";
  let code = "";
  let depth = 0;
  // comments and strings are of one piece; what remains is single characters
  for (const [token] of text.matchAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|=>|[\s\S]/g)) {
    if (token.startsWith("/*") && depth === 0 && code.trim() === "") {
      doc = token.startsWith("/**") ? docText(token) : "";
      continue;
    }
    if (token.startsWith("//")) continue;
    code += token;
    if (/^[{([<]$/.test(token)) depth++;
    else if (/^[})\]>]$/.test(token)) depth--;
    const isBlock =
      token === "}" && /^\s*(export |declare |default |abstract )*(class|interface|namespace)\s/.test(code);
    if (depth > 0 || !(token === ";" || isBlock)) continue;
    if (code.trim() !== ";") found.push({ code: code.trim(), doc });
    [doc, code] = ["", ""];
  }
  return found;
}

const head = /^(?:export )?(?:declare )?(?:abstract )?(class|function|interface|type|const|let|namespace)\s+([\w$]+)/;

/** The declarations of a file by name. */
class DeclarationFile {
  readonly #declared = new Map<string, Declaration>();
  /** Names that the file hands on, with where they come from. */
  readonly handedOn: {
    readonly from: string;
    readonly names: ReadonlyMap<string, string> | null;
    readonly as?: string;
  }[] = [];

  /** What the file says of itself before its imports: it is about its main export. */
  #header = "";

  constructor(root: string, name: string) {
    const source = `src/${name}.ts`;
    const before = /^\/\*\*[\s\S]*?\*\/(?=\s*import )/.exec(readFileSync(path.join(root, source), "utf8"));
    if (before) this.#header = docText(before[0]);
    for (const { code, doc } of pieces(readFileSync(path.join(root, "dist", `${name}.d.ts`), "utf8"))) {
      const star = /^export (?:type )?\*(?: as (\w+))? from "([^"]+)"/.exec(code);
      const named = /^export (?:type )?\{([\s\S]*)\} from "([^"]+)"/.exec(code);
      if (star) this.handedOn.push({ from: star[2]!, names: null, ...(star[1] ? { as: star[1] } : {}) });
      else if (named) {
        const names = named[1]!.split(",").map((name) => name.trim().replace(/^type /, ""));
        const pairs = names.filter(Boolean).map((name) => name.split(" as ") as [string, string?]);
        this.handedOn.push({ from: named[2]!, names: new Map(pairs.map(([own, other]) => [other ?? own, own])) });
      } else this.#declare(code, doc, source);
    }
  }

  #declare(code: string, ownDoc: string, source: string): void {
    const match = head.exec(code);
    if (!match || !code.startsWith("export ")) return;
    const [, kind, name] = match as unknown as [string, Kind, string];
    const isMain = path.basename(source, ".ts").toLowerCase() === name.toLowerCase();
    const doc = ownDoc || (isMain ? this.#header : "");
    const before = this.#declared.get(name);
    const plain = code
      .replace(/^export (declare )?/, "")
      .replace(/;$/, "")
      .replaceAll(/\bimport\("[^"]*"\)\./g, "");
    if (kind !== "class" && kind !== "interface") {
      const all = [...(before?.kind === kind ? before.code : []), plain];
      this.#declared.set(name, { name, kind, doc: before?.doc || doc, code: all, members: [], source });
      return;
    }
    const open = plain.indexOf("{", plain.search(/[\w>]\s*\{/));
    const body = plain.slice(open + 1, plain.lastIndexOf("}"));
    const members = pieces(body).filter(
      (member) => !/^(#private|private )/.test(member.code) && !member.doc.includes("@internal"),
    );
    this.#declared.set(name, { name, kind, doc, code: [plain.slice(0, open).trim()], members, source });
  }

  get(name: string): Declaration | undefined {
    return this.#declared.get(name);
  }
  get all(): Declaration[] {
    return [...this.#declared.values()];
  }
}

/** Reads declarations of a built package; each file once. */
export class Declarations {
  readonly #root: string;
  readonly #files = new Map<string, DeclarationFile>();

  /** @param root the folder of the package, which has been built */
  constructor(root: string) {
    this.#root = root;
  }

  #file(name: string): DeclarationFile {
    let file = this.#files.get(name);
    if (!file) {
      file = new DeclarationFile(this.#root, name);
      this.#files.set(name, file);
    }
    return file;
  }

  /** Everything that a module exports by name, sorted. @param name `agents/index` */
  exportsOf(name: string): Map<string, Declaration> {
    const found = new Map<string, Declaration>();
    const file = this.#file(name);
    for (const { from, names, as } of file.handedOn) {
      if (as !== undefined) continue;
      const there = path.posix.join(path.posix.dirname(name), from.replace(/\.[jt]s$/, ""));
      const theirs = this.exportsOf(there);
      for (const [own, declaration] of theirs) if (names === null) found.set(own, declaration);
      for (const [own, other] of names ?? []) {
        const declaration = theirs.get(other);
        if (declaration) found.set(own, { ...declaration, name: own });
      }
    }
    for (const declaration of file.all) found.set(declaration.name, declaration);
    return new Map([...found].sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
  }
}
