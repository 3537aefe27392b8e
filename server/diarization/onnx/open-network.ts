/** Opens an ONNX file on ONNX Runtime, which is loaded only where there is a file to open. */
import { basename } from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-node';

export interface NetworkFileOptions {
  /** That one inference may use. */
  readonly threads: number;
}

export interface OnnxNetwork {
  /**
   * @param data row by row
   * @throws Error where the network does not take this shape or answers with no 32-bit floats
   */
  run(
    data: Float32Array,
    shape: readonly number[],
  ): Promise<{ data: Float32Array; shape: readonly number[] }>;
  close(): Promise<void>;
}

/** @throws Error with the file's name where it cannot be run, or where it has more than one input. */
export async function openNetwork(path: string, { threads }: NetworkFileOptions): Promise<OnnxNetwork> {
  const runtime = await loadRuntime();
  let session: InferenceSession;
  try {
    session = await runtime.InferenceSession.create(path, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // Its warnings about unusual graphs would go to the server's standard error; errors are thrown.
      logSeverityLevel: 3,
    });
  } catch (cause) {
    throw new Error(`${basename(path)} is not an ONNX network that can be run.`, { cause });
  }
  const [inputName, ...otherInputs] = session.inputNames;
  const outputName = session.outputNames[0];
  if (inputName === undefined || outputName === undefined || otherInputs.length > 0) {
    throw new Error(
      `${basename(path)} is not the network that is expected: it has ${session.inputNames.length} inputs.`,
    );
  }
  return {
    async run(data, shape) {
      let output: Tensor | undefined;
      try {
        const answers = await session.run({ [inputName]: new runtime.Tensor('float32', data, shape) }, [
          outputName,
        ]);
        output = answers[outputName];
      } catch (cause) {
        throw new Error(`${basename(path)} does not take an input of ${shape.join(' × ')}.`, { cause });
      }
      if (!(output?.data instanceof Float32Array))
        throw new Error(`${basename(path)} does not answer in 32-bit floats.`);
      return { data: output.data, shape: output.dims };
    },
    close: () => session.release(),
  };
}

async function loadRuntime(): Promise<typeof import('onnxruntime-node')> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new Error('ONNX Runtime does not load on this machine.', { cause });
  }
}
