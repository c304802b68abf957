/** Letters of 5 by 7 squares, for pictures made without a font of the system. */

/** A letter's seven rows from the top, each five bits as one digit of base 32. */
const glyphs: Readonly<Record<string, string>> = {
  ...{ " ": "0000000", "0": "ehjlphe", "1": "4c4444e", "2": "eh1248v", "3": "v2421he", "4": "26aiv22", "5": "vgu11he" },
  ...{ "6": "68guhhe", "7": "v124888", "8": "ehhehhe", "9": "ehhf12c", A: "ehhvhhh", B: "uhhuhhu", C: "ehggghe" },
  ...{ D: "sihhhis", E: "vgguggv", F: "vgguggg", G: "ehgnhhf", H: "hhhvhhh", I: "e44444e", J: "72222ic" },
  ...{ K: "hikokih", L: "ggggggv", M: "hrllhhh", N: "hhpljhh", O: "ehhhhhe", P: "uhhuggg", Q: "ehhhlid" },
  ...{ R: "uhhukih", S: "fgge11u", T: "v444444", U: "hhhhhhe", V: "hhhhha4", W: "hhhllla", X: "hha4ahh" },
  ...{ Y: "hhha444", Z: "v1248gv", a: "00e1fhf", b: "ggmphhu", c: "00egghe", d: "11djhhf", e: "00ehvge" },
  ...{ f: "698s888", g: "0fhhf1e", h: "ggmphhh", i: "40c444e", j: "20622ic", k: "ggikoki", l: "c44444e" },
  ...{ m: "00qllhh", n: "00mphhh", o: "00ehhhe", p: "00uhugg", q: "00djf11", r: "00mpggg", s: "00ege1u" },
  ...{ t: "88s8896", u: "00hhhjd", v: "00hhha4", w: "00hhlla", x: "00ha4ah", y: "00hhf1e", z: "00v248v" },
  ...{ ".": "00000cc", ",": "0000c48", ":": "0cc0cc0", ";": "0cc0c48", "!": "4444004", "?": "eh12404", "-": "000v000" },
  ...{ "+": "044v440", "=": "00v0v00", "/": "01248g0", "(": "2488842", ")": "8422248", "%": "op248j3", "'": "c480000" },
  ...{ '"': "aaa0000", _: "000000v", "*": "04lel40", "#": "aavavaa", "<": "248g842", ">": "8421248", "[": "e88888e" },
  ...{ "]": "e22222e", "|": "4444444", "−": "000v000", "×": "0ha4ah0" },
};
/** What stands for a letter that is not there. */
const unknownGlyph = "vhhhhhv";

/** Squares from one letter to the next, of which a line's height has ten. */
export const advance = 6;
export const squaresPerLine = 10;

/** Calls `paint` for every horizontal run of squares of a letter: column, row, how many. */
export function forEachRun(letter: string, paint: (column: number, row: number, count: number) => void): void {
  const rows = glyphs[letter] ?? unknownGlyph;
  for (let row = 0; row < 7; row++) {
    const bits = Number.parseInt(rows[row]!, 32);
    for (let column = 0; column < 5; column++) {
      let count = 0;
      while (column + count < 5 && bits & (16 >> (column + count))) count++;
      if (count === 0) continue;
      paint(column, row, count);
      column += count;
    }
  }
}
