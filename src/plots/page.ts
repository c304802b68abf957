/** The project's own pages: one file that opens from the disk and asks the network for nothing. */
import { pageStyle } from "./pageStyle.ts";
import { escapeHtml } from "./plotlyFigure.ts";

export interface PageParts {
  readonly title: string;
  readonly subtitle: string;
  /** What the page may do besides having a style of its own, as its Content-Security-Policy says it. */
  readonly allows?: string;
  /** Added to the style of all pages. */
  readonly style?: string;
  /** What follows the heading. */
  readonly body: string;
}

export const page = ({ title, subtitle, allows = "", style = "", body }: PageParts): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'${allows && `; ${allows}`}">
<title>${escapeHtml(title)}</title>
<style>${pageStyle}${style}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(subtitle)}</p>
</header>
${body}
</body>
</html>
`;
