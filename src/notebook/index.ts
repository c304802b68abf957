/** What a notebook shows: charts, pictures and films; nothing of learning. */
export { Figure, type FigureLine, type FigureOptions, figure } from "./figure.ts";
export { Film, type FilmOptions, Picture, picture } from "./film.ts";
export { Display, show } from "./show.ts";
export type { MimeBundle, Shown } from "./shown.ts";
