/** Where models come from, as the hub's own tools have it: HF_ENDPOINT and HF_TOKEN. */
import type { Hub } from './download.ts';

/** @throws Error when HF_ENDPOINT is no address. */
export function readHub(environment: NodeJS.ProcessEnv = process.env): Hub {
  const endpoint = environment.HF_ENDPOINT || 'https://huggingface.co';
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) {
    throw Object.assign(new Error(`HF_ENDPOINT is no address: ${endpoint}`), {
      remedy: 'Set it to something like https://huggingface.co, or unset it.',
    });
  }
  return { endpoint, token: environment.HF_TOKEN || undefined };
}
