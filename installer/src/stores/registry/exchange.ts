import type { Readable } from 'node:stream'
import { limits } from '@sealift/bundle-spec/limits.ts'
import type { Bytes } from '@sealift/bundle-spec/store.ts'
import type { Dispatcher } from 'undici'
import { type Asked, networkFailure, protocolFailure, RefusedAddress } from './failure.ts'
import { redirected } from './redirect.ts'
import type { Transport } from './transport.ts'
import { startWatch, type Watch } from './watch.ts'

/** Bytes of a request: whole, or streamed (then they can be sent only once). */
export type Body = Uint8Array | AsyncIterable<Uint8Array>

export interface Sending extends Asked {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  url: URL
  headers: Record<string, string>
  body?: Body
  /** milliseconds until the answer starts, where it is not the usual */
  headersTimeout?: number
  /** origin of the registry that wants a token from `url` */
  tokenOf?: URL
  signal?: AbortSignal
}

/** An answer whose body has not been read. Whoever gets it reads the body, or calls `discard`. */
export interface Answer {
  method: Sending['method']
  status: number
  url: URL
  header(name: string): string | undefined
  /** ends with REGISTRY_TIMEOUT where it comes too slowly */
  body: Bytes
  /** the same, as it comes */
  stream: Readable
}

/** redirects that are followed for one request */
const maxHops = 5

/** milliseconds of waiting that the words of a refusal are worth */
const errorTime = 10_000

/**
 * Sends one request and follows redirects of GET and HEAD. Authorization goes to the origin of the first URL only.
 * @throws SealiftError REGISTRY_UNREACHABLE, REGISTRY_TLS, REGISTRY_TIMEOUT, REGISTRY_PROTOCOL; `signal.reason`
 */
export async function exchange(transport: Transport, sending: Sending): Promise<Answer> {
  const way: URL[] = []
  try {
    return await follow(transport, sending, way)
  } finally {
    transport.watcher?.took(way, sending.tokenOf)
  }
}

async function follow(transport: Transport, sending: Sending, way: URL[]): Promise<Answer> {
  let { url, tokenOf: from } = sending
  for (let hop = 0; ; hop++) {
    const refusal = from && transport.watcher?.refuse(url, from)
    if (refusal !== undefined) throw new RefusedAddress(sending, url.host, refusal)
    way.push(url)
    const headers = headersFor(sending, url)
    const answer = await sendOnce(transport, { ...sending, ...(hop === 0 ? {} : there(sending, url)), url, headers })
    const location = answer.header('location')
    const isRedirect = [301, 302, 303, 307, 308].includes(answer.status)
    if (!isRedirect || (sending.method !== 'GET' && sending.method !== 'HEAD')) return answer
    discard(answer)
    if (!location) throw protocolFailure(sending, `it answered ${answer.status} without saying where to go`)
    from = url
    url = redirected(sending, location, from)
    if (hop === maxHops) throw new RefusedAddress(sending, url.host, `it redirects more than ${maxHops} times`)
  }
}

/** Names in errors the host that fails, not the one that led to it: it may be that only the second can be reached. */
const there = ({ host, operation }: Asked, url: URL): Asked => ({
  host: url.host,
  operation: `${operation}, for which ${host} redirects there`,
})

function headersFor({ url: first, headers }: Sending, url: URL): Record<string, string> {
  if (url.origin === first.origin) return headers
  const { authorization: _, ...others } = headers
  return others
}

async function sendOnce(transport: Transport, sending: Sending): Promise<Answer> {
  const { url, method, headers, body, headersTimeout, signal } = sending
  const { timeouts } = transport
  signal?.throwIfAborted()
  let watch: Watch | undefined
  const answerTime = headersTimeout ?? timeouts.headers
  const streamed = body !== undefined && !(body instanceof Uint8Array)
  const onStart = (controller: Dispatcher.DispatchController) => {
    const window = streamed ? Math.min(answerTime, timeouts.headers) : answerTime
    watch = startWatch(sending, { window, pace: 0 }, (failure) => controller.abort(failure))
  }
  try {
    const answer = await transport
      .dispatcherFor(url)
      .compose(started(onStart))
      .request({
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers: { 'user-agent': 'sealift', 'accept-encoding': 'identity', ...headers },
        // undici reads async iterables as they are; only its types say streams
        body: (streamed ? offered(body, answerTime, () => watch) : (body ?? null)) as Readable | null,
        signal: signal ?? null,
        // what queues is joined by copying it; the kernel reads ahead
        highWaterMark: 1,
        // undici would close the connection behind each HEAD
        reset: false,
      })
    transport.answered = true
    const { statusCode: status, body: stream } = answer
    // a body that nobody reads any more must not end the process
    stream.on('error', () => {})
    const header = (name: string) => {
      const value = answer.headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    }
    const window = status < 400 ? timeouts.body : Math.min(timeouts.body, errorTime)
    return { method, status, url, header, body: paced(stream, sending, window), stream }
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw networkFailure(error, sending, transport.answered)
  } finally {
    watch?.end()
  }
}

/** Says when a request has a connection: what waits for one is nobody's silence. */
const started =
  (onStart: (controller: Dispatcher.DispatchController) => void): Dispatcher.DispatcherComposeInterceptor =>
  (dispatch) =>
  (options, handler) => {
    const start = handler.onRequestStart
    handler.onRequestStart = (controller, context) => {
      onStart(controller)
      start?.call(handler, controller, context)
    }
    return dispatch(options, handler)
  }

/** The bytes of a request. While one is taken we wait for the other side, while the next is read for our own. */
async function* offered(
  body: Bytes,
  answerTime: number,
  watch: () => Watch | undefined,
): AsyncGenerator<Uint8Array, void> {
  watch()?.waits(false)
  for await (const chunk of body) {
    watch()?.waits(true)
    yield chunk
    watch()?.moved(chunk.length)
    watch()?.waits(false)
  }
  watch()?.allow(answerTime)
  watch()?.waits(true)
}

/** The bytes of an answer, as long as they come fast enough. */
async function* paced(stream: Readable, asked: Asked, window: number): AsyncGenerator<Uint8Array, void> {
  const watch = startWatch(asked, { window, pace: limits.pace }, (failure) => stream.destroy(failure))
  const iterator: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]()
  try {
    for (;;) {
      watch.waits(true)
      const { done, value } = await iterator.next()
      watch.waits(false)
      if (done) return
      watch.moved(value.length)
      yield value
    }
  } finally {
    watch.end()
    await iterator.return?.()
  }
}

/** bytes of an unread answer that are still read to keep the connection, and milliseconds that it may take */
const cheapToRead = 64 * 1024
const quick = 2_000

/** Lets go of an answer: reads a short body, so that the connection can be used again, and cuts a long one. */
export function discard(answer: Answer): void {
  const length = answer.method === 'HEAD' ? 0 : Number(answer.header('content-length') ?? Number.NaN)
  const { stream } = answer
  if (!(length <= cheapToRead)) return void stream.destroy()
  const late = setTimeout(() => stream.destroy(), quick).unref()
  stream.once('close', () => clearTimeout(late)).resume()
}

/**
 * Reads a body of at most `limit` bytes; undefined when it is longer.
 * @throws SealiftError as `exchange`
 */
export async function readBody(
  answer: Answer,
  limit: number,
  asked: Asked & { signal?: AbortSignal },
): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of answer.body) {
      size += chunk.length
      if (size > limit) return undefined
      chunks.push(chunk)
    }
  } catch (error) {
    if (asked.signal?.aborted) throw asked.signal.reason
    throw networkFailure(error, asked, true)
  }
  return Buffer.concat(chunks)
}
