import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { ByteRange } from '@sealift/bundle-spec/store.ts'
import { withBuffer } from './buffers.ts'
import type { Document } from './catalog.ts'
import { readRange } from './range.ts'
import { refusal } from './refusal.ts'
import type { Blobs, HeldBlob } from './shown.ts'

/** Sends a manifest or index; its bytes were hashed when they were read. */
export function sendDocument(
  { descriptor: { digest, mediaType }, bytes }: Document,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (!accepts(request.headers.accept, mediaType))
    throw refusal(404, 'MANIFEST_UNKNOWN', `this manifest is a ${mediaType}, which the Accept header leaves out`)
  if (isFresh(request, response, digest)) return
  // Node leaves the body out for HEAD
  response
    .writeHead(200, { 'content-type': mediaType, ...identityOf(digest), 'content-length': bytes.length })
    .end(bytes)
}

/** Sends a blob, or a range of it; `own` are headers that replace those of a registry. */
export async function sendBlob(
  blobs: Blobs,
  descriptor: Descriptor,
  request: IncomingMessage,
  response: ServerResponse,
  own: Record<string, string> = {},
): Promise<void> {
  const { digest, size } = descriptor
  if (isFresh(request, response, digest)) return
  const ifRange = request.headers['if-range']
  const asked = ifRange === undefined || ifRange === etag(digest) ? request.headers.range : undefined
  const range = readRange(asked, size)
  const headers = {
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=31536000, immutable',
    ...identityOf(digest),
    ...own,
  }
  if (range === 'unsatisfiable') {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${size}`, 'content-length': 0 }).end()
    return
  }
  const { start, end } = range ?? { start: 0, end: size }
  const head = {
    ...headers,
    'content-length': end - start,
    ...(range ? { 'content-range': `bytes ${start}-${end - 1}/${size}` } : {}),
  }
  if (request.method === 'HEAD') {
    response.writeHead(range ? 206 : 200, head).end()
    return
  }
  const held = await blobs.hold(descriptor)
  try {
    response.writeHead(range ? 206 : 200, head)
    await withBuffer((buffer) => pump(held, { start, end }, buffer, response))
    response.end()
  } finally {
    held.release()
  }
}

/** Reads and writes in turn. The last bytes go out only when all are known to be right, so a wrong answer stays short. */
async function pump(
  held: HeldBlob,
  { start, end }: ByteRange,
  buffer: Buffer,
  response: ServerResponse,
): Promise<void> {
  let wake: () => void = () => {}
  // a client that goes away while it is waited for is no failure
  response.once('close', () => wake())
  for (let at = start; at < end && !response.destroyed; ) {
    const count = await held.read(buffer, Math.min(buffer.length, end - at), at)
    if (count === 0) throw new SealiftError('BUNDLE_TRUNCATED', 'a blob was cut while it was read')
    at += count
    if (at === end) await held.confirm()
    if (response.destroyed) return
    await new Promise<void>((resolve) => {
      wake = resolve
      response.write(buffer.subarray(0, count), () => resolve())
    })
  }
}

const etag = (digest: string): string => `"${digest}"`
const identityOf = (digest: string) => ({ 'docker-content-digest': digest, etag: etag(digest) })

function isFresh(request: IncomingMessage, response: ServerResponse, digest: string): boolean {
  const known = request.headers['if-none-match']
  if (!known?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag(digest))) return false
  response.writeHead(304, identityOf(digest)).end()
  return true
}

/** Whether an Accept header allows a media type; one that is missing allows all (RFC 9110, section 12.5.1). */
function accepts(header: string | undefined, mediaType: string): boolean {
  if (header === undefined || header.trim() === '') return true
  const group = `${mediaType.slice(0, mediaType.indexOf('/'))}/*`
  return header.split(',').some((part) => {
    const [type = '', ...parameters] = part.split(';').map((one) => one.trim().toLowerCase())
    if (parameters.some((one) => /^q=0(\.0*)?$/.test(one))) return false
    return type === '*/*' || type === group || type === mediaType.toLowerCase()
  })
}
