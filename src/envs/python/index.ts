/** Gymnasium's environments in Python, as Python runs them. */
export { PythonEnv } from "./pythonEnv.ts";
export { PythonVector, type PythonVectorOptions } from "./pythonVector.ts";
