import type { Reporter } from '../install/events.ts'

/** Bytes as they are, with how many of them went through reported. */
export async function* counting(
  bytes: AsyncIterable<Uint8Array>,
  total: number,
  report: Reporter,
): AsyncGenerator<Uint8Array> {
  let done = 0
  for await (const chunk of bytes) {
    yield chunk
    done += chunk.length
    report.progress(done, Math.max(done, total), 'bytes')
  }
}
