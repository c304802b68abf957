/**
 * Colours that people with any kind of colour vision can tell apart: those of Okabe & Ito 2008, "Color universal
 * design", and on dark ground lighter ones of the same hues. Grounds and text are those of the project's pages.
 */
export type ThemeName = "light" | "dark";

export interface Theme {
  /** Ground of the page, ground of a chart. */
  readonly page: string;
  readonly card: string;
  readonly text: string;
  readonly muted: string;
  /** Borders, and the finer lines of a chart's grid. */
  readonly line: string;
  readonly grid: string;
  /** Of groups of runs, one after the other; all have a contrast of at least 3 to the card. */
  readonly series: readonly string[];
}

export const themes: Readonly<Record<ThemeName, Theme>> = {
  light: {
    page: "#f7f5f2",
    card: "#ffffff",
    text: "#22252a",
    muted: "#5f6670",
    line: "#d9d5cf",
    grid: "#ecebe8",
    series: ["#0072b2", "#d55e00", "#008761", "#b8568c", "#9a6a00", "#2b8cc4", "#5b5f66"],
  },
  dark: {
    page: "#15171a",
    card: "#1e2125",
    text: "#e8e6e3",
    muted: "#a2a9b3",
    line: "#373c43",
    grid: "#2c3036",
    series: ["#56b4e9", "#ff8f4d", "#2fc79a", "#e39ac4", "#f0b93a", "#8fa8ff", "#b9bec6"],
  },
};

/** The colour of the n-th group; there are few, so that they stay apart, and they come again. */
export const seriesColour = (theme: Theme, n: number): string => theme.series[n % theme.series.length]!;

/** `#rrggbb` with an opacity, as CSS, SVG and plotly take it. */
export function faded(colour: string, opacity: number): string {
  const [r, g, b] = [1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16));
  return `rgba(${r},${g},${b},${opacity})`;
}
