/**
 * Metrics as a TensorBoard event file: records of TFRecord's framing, each an `Event` protobuf message.
 * Sources: TensorFlow's record_writer.h and crc32c.h for the framing, event.proto and summary.proto for the messages.
 */
import { PbfWriter } from "pbf";
import type { EvaluationLine, ProgressLine, TimingLine } from "./metrics.ts";

/** TensorBoard takes a file for one of its own by "tfevents" in its name, and calls the run after its directory. */
export const eventFileName = "events.out.tfevents";

/** The polynomial of Castagnoli's CRC-32, bits reversed. */
const castagnoli = 0x82f63b78;

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? castagnoli : 0);
  return crc;
});

/** CRC-32C of bytes, from 0 to 2³² − 1. Source: RFC 3720, appendix B.4. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Rotated by 15 bits and shifted, as a checksum of data that hold checksums themselves would be weak otherwise. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** A record: length (uint64), its checksum (uint32), the data, their checksum (uint32), all little-endian. */
export function tfRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return record;
}

/** The record a file begins with. `wallTime`: seconds since 1970. */
export function fileVersionRecord(wallTime: number): Uint8Array {
  const event = new PbfWriter();
  event.writeDoubleField(1, wallTime);
  event.writeStringField(3, "brain.Event:2");
  return tfRecord(event.finish());
}

/** One number a tag, at one step. */
export function scalarsRecord(wallTime: number, step: number, scalars: Readonly<Record<string, number>>): Uint8Array {
  const event = new PbfWriter();
  event.writeDoubleField(1, wallTime);
  event.writeVarintField(2, step);
  event.writeMessage(
    5,
    (entries, summary) => {
      for (const [tag, number] of entries) {
        summary.writeMessage(
          1,
          (_, value) => {
            value.writeStringField(1, tag);
            value.writeFloatField(2, number);
          },
          null,
        );
      }
    },
    Object.entries(scalars),
  );
  return tfRecord(event.finish());
}

/** What a progress line tells, by tag. */
export const trainScalars = (
  { episodes, episodeReturn, statistics }: ProgressLine,
  { stepsPerSecond }: TimingLine,
): Record<string, number> => ({
  ...(episodeReturn === null ? {} : { "train/episodeReturn": episodeReturn }),
  ...tagged("train", { episodes, stepsPerSecond, ...statistics }),
});

/** What an evaluation tells, by tag. */
export const evaluationScalars = ({ evaluation }: EvaluationLine): Record<string, number> => {
  const { mean, median, stdev, min, max } = evaluation;
  return tagged("evaluation", { mean, median, stdev, min, max });
};

const tagged = (group: string, numbers: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(numbers).map(([name, x]) => [`${group}/${name}`, x]));
