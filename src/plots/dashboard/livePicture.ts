/** Looks at a run under way: renews the mark that somebody does, and reads what the run shows meanwhile (src/train/livePicture.ts). */
import fs from "node:fs";
import path from "node:path";

// links lead nowhere: the folder of runs is all that may be touched. Windows has no such flag
const { O_CREAT, O_RDONLY, O_WRONLY, O_NOFOLLOW = 0 } = fs.constants;

export class LivePicture {
  readonly #folder: string;
  #seen = "";

  /** @param directory the run's, without links in its path */
  constructor(directory: string) {
    this.#folder = path.join(directory, "live");
  }

  /** @returns why the run cannot know that somebody looks; null where it does */
  renew(): string | null {
    try {
      fs.mkdirSync(this.#folder, { recursive: true });
      if (fs.realpathSync(this.#folder) !== this.#folder) {
        return "There is no live picture: the folder live/ of the run is a link to another place.";
      }
      const fd = fs.openSync(path.join(this.#folder, "watched"), O_WRONLY | O_CREAT | O_NOFOLLOW, 0o644);
      const date = new Date();
      fs.futimesSync(fd, date, date);
      fs.closeSync(fd);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return `There is no live picture: this dashboard cannot write into the run's directory (${code}), so the run does not know that somebody looks.`;
    }
    return null;
  }

  /** What the run shows, as one line of JSON; null where that is what it was at the last look, or nothing. */
  read(): string | null {
    let fd: number;
    try {
      fd = fs.openSync(path.join(this.#folder, "picture.json"), O_RDONLY | O_NOFOLLOW);
    } catch {
      return null;
    }
    try {
      const { ino, mtimeMs } = fs.fstatSync(fd);
      const mark = `${ino} ${mtimeMs}`;
      if (mark === this.#seen) return null;
      this.#seen = mark;
      return JSON.stringify(JSON.parse(fs.readFileSync(fd, "utf8")));
    } catch {
      // written by something else
      return null;
    } finally {
      fs.closeSync(fd);
    }
  }
}
