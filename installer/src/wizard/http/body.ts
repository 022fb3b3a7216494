import type { IncomingMessage } from 'node:http'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'

/** bytes of any body: an answers file, a file for an answer */
export const mostBody: number = limits.configuration

export const badRequest = (message: string, cause?: unknown) => new SealiftError('SESSION_REQUEST', message, { cause })

/**
 * Reads the body of a request, of one type. How long it may take is for the server to limit.
 * @throws SealiftError SESSION_REQUEST, SESSION_TOO_LARGE
 */
export async function readBody(request: IncomingMessage, type: string): Promise<Buffer> {
  const given = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (given !== type) throw badRequest(`the content-type has to be ${type}`)
  const tooLarge = () => new SealiftError('SESSION_TOO_LARGE', `a request has at most ${mostBody} bytes`)
  if (Number(request.headers['content-length'] ?? 0) > mostBody) throw tooLarge()
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > mostBody) throw tooLarge()
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** An object in JSON. @throws SealiftError SESSION_REQUEST, SESSION_TOO_LARGE */
export async function readObject(request: IncomingMessage): Promise<Record<string, unknown>> {
  const bytes = await readBody(request, 'application/json')
  let value: unknown
  try {
    value = parseJson(bytes, 'the request')
  } catch (cause) {
    throw badRequest(`${(cause as SealiftError).message}: ${(cause as SealiftError).why}`, cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badRequest('an object is expected')
  return value as Record<string, unknown>
}
