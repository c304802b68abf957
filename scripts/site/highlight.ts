/** Code as HTML: comments, strings, keywords and numbers have classes. */

export const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const keywords =
  "abstract|as|async|await|break|case|catch|class|const|constructor|continue|declare|default|delete|do|else|export|extends|" +
  "false|finally|for|from|function|get|if|implements|import|in|infer|instanceof|interface|is|keyof|let|new|null|of|override|" +
  "private|protected|public|readonly|return|satisfies|set|static|super|switch|this|throw|true|try|type|typeof|undefined|unique|" +
  "var|void|while|yield";
const script = new RegExp(
  [
    "(?<comment>\\/\\*[\\s\\S]*?\\*\\/|\\/\\/[^\\n]*)",
    "(?<string>\"(?:\\\\.|[^\"\\\\\\n])*\"|'(?:\\\\.|[^'\\\\\\n])*'|`(?:\\\\.|[^`\\\\])*`)",
    `(?<keyword>(?<![\\w.$])(?:${keywords})(?![\\w$]))`,
    "(?<number>(?<![\\w$])\\d[\\d_]*(?:\\.\\d+)?(?:e[+-]?\\d+)?(?![\\w$]))",
  ].join("|"),
  "g",
);
const shell = /(?<comment>(?<=^|\s)#[^\n]*)|(?<string>"(?:\\.|[^"\\\n])*"|'[^'\n]*')/gm;

const languages: Readonly<Record<string, RegExp>> = {
  ts: script,
  js: script,
  typescript: script,
  json: script,
  sh: shell,
};

/** @param mark makes HTML of what has no class; escapes it unless given */
export function highlight(code: string, language: string, mark: (plain: string) => string = escapeHtml): string {
  const pattern = languages[language];
  if (!pattern) return escapeHtml(code);
  let html = "";
  let end = 0;
  for (const match of code.matchAll(pattern)) {
    const [kind] = Object.entries(match.groups!).find(([, text]) => text !== undefined)!;
    html += `${mark(code.slice(end, match.index))}<span class="${kind}">${escapeHtml(match[0])}</span>`;
    end = match.index + match[0].length;
  }
  return html + mark(code.slice(end));
}
