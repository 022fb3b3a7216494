import type { IncomingMessage } from 'node:http'
import { refusal } from './refusal.ts'

/**
 * Reads the body of a request, of at most `most` bytes. How long it may take is the server's own limit.
 * @throws Refusal 413
 */
export async function readBody(request: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length
    if (size > most) throw refusal(413, 'SIZE_INVALID', `the body is longer than ${most} bytes`)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}
