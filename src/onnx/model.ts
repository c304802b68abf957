/** An ONNX model as its protobuf bytes. Source of field numbers: onnx.proto of ONNX 1.14. */
import { PbfWriter } from "pbf";

/** The operator set that graphs are written for, and the version of the file format that came with it. */
export const opset = 18;
const irVersion = 8;

/** Types of elements, by their numbers in TensorProto.DataType. */
const elementTypes = { float32: 1, uint8: 2, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof elementTypes;

/** Attributes of the operators that are used here are whole numbers, or lists of them. */
export type Attributes = Readonly<Record<string, number | readonly number[]>>;

export interface GraphNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Attributes;
}

/** A constant. */
export interface Initializer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** An input or output of the graph; a dimension that has a name is any number. */
export interface GraphTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

export interface Model {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly GraphTensor[];
  readonly outputs: readonly GraphTensor[];
  /** Anything else to be read in the file. */
  readonly metadata: Readonly<Record<string, string>>;
}

const attributeTypes = { int: 2, ints: 7 } as const;

function writeNode({ operator, inputs, output, attributes }: GraphNode, pbf: PbfWriter): void {
  for (const input of inputs) pbf.writeStringField(1, input);
  pbf.writeStringField(2, output);
  pbf.writeStringField(3, output);
  pbf.writeStringField(4, operator);
  for (const attribute of Object.entries(attributes)) pbf.writeMessage(5, writeAttribute, attribute);
}

function writeAttribute([name, value]: [string, Attributes[string]], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  if (typeof value === "number") pbf.writeVarintField(3, value);
  else for (const item of value) pbf.writeVarintField(8, item);
  pbf.writeVarintField(20, typeof value === "number" ? attributeTypes.int : attributeTypes.ints);
}

function writeInitializer({ name, shape, data }: Initializer, pbf: PbfWriter): void {
  for (const size of shape) pbf.writeVarintField(1, size);
  pbf.writeVarintField(2, data instanceof Float32Array ? elementTypes.float32 : elementTypes.int64);
  pbf.writeStringField(8, name);
  pbf.writeBytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function writeTensor({ name, type, shape }: GraphTensor, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  pbf.writeMessage(
    2,
    (_, typeProto) => {
      typeProto.writeMessage(
        1,
        (__, tensor) => {
          tensor.writeVarintField(1, elementTypes[type]);
          tensor.writeMessage(2, writeShape, shape);
        },
        null,
      );
    },
    null,
  );
}

function writeShape(shape: readonly (number | string)[], pbf: PbfWriter): void {
  for (const size of shape) {
    pbf.writeMessage(
      1,
      (n, dim) => {
        if (typeof n === "number") dim.writeVarintField(1, n);
        else dim.writeStringField(2, n);
      },
      size,
    );
  }
}

function writeGraph({ name, nodes, initializers, inputs, outputs }: Model, pbf: PbfWriter): void {
  for (const node of nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, name);
  for (const initializer of initializers) pbf.writeMessage(5, writeInitializer, initializer);
  for (const input of inputs) pbf.writeMessage(11, writeTensor, input);
  for (const output of outputs) pbf.writeMessage(12, writeTensor, output);
}

/** The bytes of an .onnx file. */
export function encodeModel(model: Model): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, irVersion);
  pbf.writeStringField(2, "kusari");
  pbf.writeMessage(7, writeGraph, model);
  pbf.writeMessage(8, (version, opsetImport) => opsetImport.writeVarintField(2, version), opset);
  for (const property of Object.entries(model.metadata)) {
    pbf.writeMessage(
      14,
      ([key, value], entry) => {
        entry.writeStringField(1, key);
        entry.writeStringField(2, value);
      },
      property,
    );
  }
  return pbf.finish();
}
