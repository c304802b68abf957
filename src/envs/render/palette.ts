/**
 * Colours that people with any kind of colour vision tell apart.
 * Source: Okabe and Ito, "Color universal design", 2008; the greys are our own.
 */
export const palette = {
  black: "#000000",
  orange: "#e69f00",
  skyBlue: "#56b4e9",
  green: "#009e73",
  yellow: "#f0e442",
  blue: "#0072b2",
  vermilion: "#d55e00",
  purple: "#cc79a7",
  white: "#ffffff",
  /** The ground pictures are painted on. */
  paper: "#f7f7f7",
  lightGrey: "#d0d0d0",
  grey: "#8c8c8c",
  darkGrey: "#404040",
} as const;
