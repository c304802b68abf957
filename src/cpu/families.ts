/** WebAssembly bodies of the hand-written families: column sums, copies, transposition, gather, scatter, random fill. */
import { FunctionBody } from "./assembler.ts";

/** (rows, cols, x, out): out (cols) = or += the column sums of x (rows, cols). */
export function printColumnSum(accumulate: boolean): FunctionBody {
  const f = new FunctionBody(["i32", "i32", "i32", "i32"]);
  const [rows, cols, x, out] = [0, 1, 2, 3];
  const pointer = f.local("i32");
  const r = f.local("i32");
  const c = f.local("i32");
  const acc = f.local("v128");
  const stride = f.local("i32");
  const remaining = f.local("i32");
  f.get(cols);
  f.i32(2);
  f.op("i32.shl");
  f.set(stride);
  /** Sums the four columns from byte c on. */
  const sumGroup = () => {
    f.splat(0);
    f.set(acc);
    f.get(x);
    f.get(c);
    f.op("i32.add");
    f.set(pointer);
    f.repeat(r, rows, () => {
      f.get(acc);
      f.get(pointer);
      f.load();
      f.simd("f32x4.add");
      f.set(acc);
      f.get(pointer);
      f.get(stride);
      f.op("i32.add");
      f.set(pointer);
    });
  };
  const target = () => {
    f.get(out);
    f.get(c);
    f.op("i32.add");
  };
  f.while(
    () => {
      f.get(c);
      f.i32(16);
      f.op("i32.add");
      f.get(stride);
      f.op("i32.le_s");
    },
    () => {
      sumGroup();
      target();
      f.get(acc);
      if (accumulate) {
        target();
        f.load();
        f.simd("f32x4.add");
      }
      f.store();
      f.add(c, 16);
    },
  );
  f.get(c);
  f.get(stride);
  f.op("i32.lt_u");
  f.if(() => {
    sumGroup();
    f.get(stride);
    f.get(c);
    f.op("i32.sub");
    f.i32(2);
    f.op("i32.shr_u");
    f.set(remaining);
    // lane by lane, the vector turned by one lane each time
    f.repeat(r, remaining, () => {
      target();
      f.get(acc);
      if (accumulate) {
        target();
        f.loadSplat();
        f.simd("f32x4.add");
      }
      f.storeLane(0);
      f.get(acc);
      f.get(acc);
      f.shuffle([1, 2, 3, 0]);
      f.set(acc);
      f.add(c, 4);
    });
  });
  return f;
}

/** (rows, cols, x, xRow, out, outRow): rows of contiguous numbers, strides in bytes; sets or adds. */
export function printCopyRows(accumulate: boolean): FunctionBody {
  const f = new FunctionBody(Array(6).fill("i32"));
  const [rows, cols, x, xRow, out, outRow] = [0, 1, 2, 3, 4, 5];
  const r = f.local("i32");
  const c = f.local("i32");
  const bytes = f.local("i32");
  f.get(cols);
  f.i32(2);
  f.op("i32.shl");
  f.set(bytes);
  const at = (base: number) => {
    f.get(base);
    f.get(c);
    f.op("i32.add");
  };
  f.repeat(r, rows, () => {
    f.i32(0);
    f.set(c);
    f.while(
      () => {
        f.get(c);
        f.i32(16);
        f.op("i32.add");
        f.get(bytes);
        f.op("i32.le_s");
      },
      () => {
        at(out);
        at(x);
        f.load();
        if (accumulate) {
          at(out);
          f.load();
          f.simd("f32x4.add");
        }
        f.store();
        f.add(c, 16);
      },
    );
    f.while(
      () => {
        f.get(c);
        f.get(bytes);
        f.op("i32.lt_u");
      },
      () => {
        at(out);
        at(x);
        f.loadF32();
        if (accumulate) {
          at(out);
          f.loadF32();
          f.op("f32.add");
        }
        f.storeF32();
        f.add(c, 4);
      },
    );
    for (const [base, stride] of [
      [x, xRow],
      [out, outRow],
    ] as const) {
      f.get(base!);
      f.get(stride!);
      f.op("i32.add");
      f.set(base!);
    }
  });
  return f;
}

/**
 * (rows, x, xRow, out, outPanel): rows of 8 · panels numbers to panels (panels, rows, 8) that are outPanel bytes apart;
 * all panels at once, so that each row is read in one go.
 */
export function printPack(panels: number): FunctionBody {
  const f = new FunctionBody(Array(5).fill("i32"));
  const [rows, x, xRow, out, outPanel] = [0, 1, 2, 3, 4];
  const r = f.local("i32");
  const targets = Array.from({ length: panels }, () => f.local("i32"));
  targets.forEach((target, p) => {
    f.get(p === 0 ? out : targets[p - 1]!);
    if (p > 0) {
      f.get(outPanel);
      f.op("i32.add");
    }
    f.set(target);
  });
  f.repeat(r, rows, () => {
    targets.forEach((target, p) => {
      for (const half of [0, 16]) {
        f.get(target);
        f.get(x);
        f.load(32 * p + half);
        f.store(half);
      }
      f.add(target, 32);
    });
    f.get(x);
    f.get(xRow);
    f.op("i32.add");
    f.set(x);
  });
  return f;
}

/** (rows, cols, x, xRow, xCol, out, outRow, outCol): number by number, strides in bytes; sets or adds. */
export function printStridedCopy(accumulate: boolean): FunctionBody {
  const f = new FunctionBody(Array(8).fill("i32"));
  const [rows, cols, x, xRow, xCol, out, outRow, outCol] = [0, 1, 2, 3, 4, 5, 6, 7];
  const r = f.local("i32");
  const c = f.local("i32");
  const source = f.local("i32");
  const target = f.local("i32");
  const advance = (pointer: number, by: number) => {
    f.get(pointer);
    f.get(by);
    f.op("i32.add");
    f.set(pointer);
  };
  f.repeat(r, rows, () => {
    f.get(x);
    f.set(source);
    f.get(out);
    f.set(target);
    f.repeat(c, cols, () => {
      f.get(target);
      f.get(source);
      f.loadF32();
      if (accumulate) {
        f.get(target);
        f.loadF32();
        f.op("f32.add");
      }
      f.storeF32();
      advance(source, xCol);
      advance(target, outCol);
    });
    advance(x, xRow);
    advance(out, outRow);
  });
  return f;
}

/** (planes, rows, cols, x, xPlane, xRow, xCol, out, outPlane, outRow, outCol): number by number, strides in bytes. */
export function printCopyPlanes(): FunctionBody {
  const f = new FunctionBody(Array(11).fill("i32"));
  const [planes, rows, cols, x, xPlane, xRow, xCol, out, outPlane, outRow, outCol] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const p = f.local("i32");
  const r = f.local("i32");
  const c = f.local("i32");
  const xStart = f.local("i32");
  const outStart = f.local("i32");
  const source = f.local("i32");
  const target = f.local("i32");
  const assign = (to: number, from: number) => {
    f.get(from);
    f.set(to);
  };
  const advance = (pointer: number, by: number) => {
    f.get(pointer);
    f.get(by);
    f.op("i32.add");
    f.set(pointer);
  };
  f.repeat(p, planes, () => {
    assign(xStart, x);
    assign(outStart, out);
    f.repeat(r, rows, () => {
      assign(source, xStart);
      assign(target, outStart);
      f.repeat(c, cols, () => {
        f.get(target);
        f.get(source);
        f.loadF32();
        f.storeF32();
        advance(source, xCol);
        advance(target, outCol);
      });
      advance(xStart, xRow);
      advance(outStart, outRow);
    });
    advance(x, xPlane);
    advance(out, outPlane);
  });
  return f;
}

/**
 * (planes, windows, taps, x, xPlane, windowTable, tapTable, out): the elements of x at windowTable[i] + tapTable[j] to
 * out (planes, windows, taps); `adjoint` adds out to those elements instead. Tables and strides in bytes.
 */
export function printWindows(adjoint: boolean): FunctionBody {
  const f = new FunctionBody(Array(8).fill("i32"));
  const [planes, windows, taps, x, xPlane, windowTable, tapTable, out] = [0, 1, 2, 3, 4, 5, 6, 7];
  const p = f.local("i32");
  const i = f.local("i32");
  const j = f.local("i32");
  const window = f.local("i32");
  const windowEntry = f.local("i32");
  const tapEntry = f.local("i32");
  const at = f.local("i32");
  f.repeat(p, planes, () => {
    f.get(windowTable);
    f.set(windowEntry);
    f.repeat(i, windows, () => {
      f.get(x);
      f.get(windowEntry);
      f.loadI32();
      f.op("i32.add");
      f.set(window);
      f.get(tapTable);
      f.set(tapEntry);
      f.repeat(j, taps, () => {
        f.get(window);
        f.get(tapEntry);
        f.loadI32();
        f.op("i32.add");
        f.set(at);
        f.get(adjoint ? at : out);
        f.get(at);
        f.loadF32();
        if (adjoint) {
          f.get(out);
          f.loadF32();
          f.op("f32.add");
        }
        f.storeF32();
        f.add(out, 4);
        f.add(tapEntry, 4);
      });
      f.add(windowEntry, 4);
    });
    f.get(x);
    f.get(xPlane);
    f.op("i32.add");
    f.set(x);
  });
  return f;
}

/** (rows, cols, x, out, xRow, outRow): the transpose of whole 4 × 4 blocks; rows and cols are multiples of 4. */
export function printTranspose(): FunctionBody {
  const f = new FunctionBody(Array(6).fill("i32"));
  const [rows, cols, x, out, xRow, outRow] = [0, 1, 2, 3, 4, 5];
  const r = f.local("i32");
  const c = f.local("i32");
  const source = f.local("i32");
  const target = f.local("i32");
  const v = Array.from({ length: 4 }, () => f.local("v128"));
  const w = Array.from({ length: 4 }, () => f.local("v128"));
  const shuffled = (a: number, b: number, lanes: readonly [number, number, number, number]) => {
    f.get(a);
    f.get(b);
    f.shuffle(lanes);
  };
  f.while(
    () => {
      f.get(r);
      f.get(rows);
      f.op("i32.lt_u");
    },
    () => {
      f.get(x);
      f.get(r);
      f.get(xRow);
      f.op("i32.mul");
      f.op("i32.add");
      f.set(source);
      f.get(out);
      f.get(r);
      f.i32(2);
      f.op("i32.shl");
      f.op("i32.add");
      f.set(target);
      f.i32(0);
      f.set(c);
      f.while(
        () => {
          f.get(c);
          f.get(cols);
          f.op("i32.lt_u");
        },
        () => {
          for (let k = 0; k < 4; k++) {
            f.get(source);
            if (k > 0) {
              f.get(xRow);
              if (k > 1) {
                f.i32(k);
                f.op("i32.mul");
              }
              f.op("i32.add");
            }
            f.load();
            f.set(v[k]!);
          }
          shuffled(v[0]!, v[1]!, [0, 4, 1, 5]);
          f.set(w[0]!);
          shuffled(v[2]!, v[3]!, [0, 4, 1, 5]);
          f.set(w[1]!);
          shuffled(v[0]!, v[1]!, [2, 6, 3, 7]);
          f.set(w[2]!);
          shuffled(v[2]!, v[3]!, [2, 6, 3, 7]);
          f.set(w[3]!);
          for (let k = 0; k < 4; k++) {
            f.get(target);
            const [a, b] = k < 2 ? [w[0]!, w[1]!] : [w[2]!, w[3]!];
            shuffled(a, b, k % 2 === 0 ? [0, 1, 4, 5] : [2, 3, 6, 7]);
            f.store();
            f.get(target);
            f.get(outRow);
            f.op("i32.add");
            f.set(target);
          }
          f.add(source, 16);
          f.add(c, 4);
        },
      );
      f.add(r, 4);
    },
  );
  return f;
}

/**
 * (count, cols, table, index, rowsData): gather copies table[index[i]] to rowsData[i]; scatter adds rowsData[i] to
 * table[index[i]]. Indices are whole float32 numbers, checked by the caller.
 */
export function printIndexedRows(scatter: boolean): FunctionBody {
  const f = new FunctionBody(Array(5).fill("i32"));
  const [count, cols, table, index, data] = [0, 1, 2, 3, 4];
  const i = f.local("i32");
  const c = f.local("i32");
  const row = f.local("i32");
  f.repeat(i, count, () => {
    f.get(table);
    f.get(index);
    f.loadF32();
    f.truncateToU32();
    f.get(cols);
    f.op("i32.mul");
    f.i32(2);
    f.op("i32.shl");
    f.op("i32.add");
    f.set(row);
    f.repeat(c, cols, () => {
      if (scatter) {
        f.get(row);
        f.get(row);
        f.loadF32();
        f.get(data);
        f.loadF32();
        f.op("f32.add");
        f.storeF32();
      } else {
        f.get(data);
        f.get(row);
        f.loadF32();
        f.storeF32();
      }
      f.add(row, 4);
      f.add(data, 4);
    });
    f.add(index, 4);
  });
  return f;
}

/**
 * (blocks, out, key0, key1, block): four uniform float32 numbers in [0, 1) a block, from Philox4x32-10
 * (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") with counter (block, 0, 0, 0).
 */
export function printRandomUniform(): FunctionBody {
  const f = new FunctionBody(Array(5).fill("i32"));
  const [blocks, out, key0, key1, block] = [0, 1, 2, 3, 4];
  const n = f.local("i32");
  const words = Array.from({ length: 4 }, () => f.local("i32"));
  const keys = [f.local("i32"), f.local("i32")];
  const product0 = f.local("i64");
  const product1 = f.local("i64");
  const multiply = (word: number, multiplier: number, product: number) => {
    f.get(word);
    f.op("i64.extend_i32_u");
    f.i32(multiplier | 0);
    f.op("i64.extend_i32_u");
    f.op("i64.mul");
    f.set(product);
  };
  const high = (product: number) => {
    f.get(product);
    f.i64(32);
    f.op("i64.shr_u");
    f.op("i32.wrap_i64");
  };
  f.repeat(n, blocks, () => {
    f.get(block);
    f.get(n);
    f.op("i32.add");
    f.set(words[0]!);
    for (const word of words.slice(1)) {
      f.i32(0);
      f.set(word);
    }
    f.get(key0);
    f.set(keys[0]!);
    f.get(key1);
    f.set(keys[1]!);
    for (let round = 0; round < 10; round++) {
      if (round > 0) {
        f.add(keys[0]!, 0x9e3779b9 | 0);
        f.add(keys[1]!, 0xbb67ae85 | 0);
      }
      multiply(words[0]!, 0xd2511f53, product0);
      multiply(words[2]!, 0xcd9e8d57, product1);
      high(product1);
      f.get(words[1]!);
      f.op("i32.xor");
      f.get(keys[0]!);
      f.op("i32.xor");
      f.set(words[0]!);
      f.get(product1);
      f.op("i32.wrap_i64");
      f.set(words[1]!);
      high(product0);
      f.get(words[3]!);
      f.op("i32.xor");
      f.get(keys[1]!);
      f.op("i32.xor");
      f.set(words[2]!);
      f.get(product0);
      f.op("i32.wrap_i64");
      f.set(words[3]!);
    }
    words.forEach((word, k) => {
      f.get(out);
      f.get(word);
      f.i32(8);
      f.op("i32.shr_u");
      f.op("f32.convert_i32_u");
      f.f32(2 ** -24);
      f.op("f32.mul");
      f.storeF32(4 * k);
    });
    f.add(out, 16);
  });
  return f;
}
