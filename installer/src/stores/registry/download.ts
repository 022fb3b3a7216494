import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { ByteRange, Bytes } from '@sealift/bundle-spec/store.ts'
import { attemptsOf, type Client, request, scopeOf, urlOf } from './client.ts'
import { type Answer, discard } from './exchange.ts'
import { type Asked, contentFailure, networkFailure, protocolFailure, TransientFailure } from './failure.ts'

/** bytes after which a connection that drops again counts as a new one: progress, not a loop */
const progress = 1 << 20

/**
 * Opens a blob, or a range of it. What drops on the way goes on from where it stopped. The bytes are not hashed.
 * @throws SealiftError REGISTRY_*, also while reading; `signal.reason`
 */
export async function openBlob(
  client: Client,
  path: string,
  descriptor: Descriptor,
  range: ByteRange,
  signal?: AbortSignal,
): Promise<Bytes> {
  const { digest, size } = descriptor
  const asked = { host: client.host, operation: `read ${path}@${digest}` }
  const end = Math.min(range.end, size)
  // content without bytes is asked for too: whether it is there at all
  if (range.start >= end && size > 0) return none()

  async function ask(start: number): Promise<Answer> {
    const whole = start === 0 && end === size
    const answer = await request(client, {
      method: 'GET',
      url: urlOf(client, path, `blobs/${digest}`),
      operation: asked.operation,
      scopes: [scopeOf(client, path, 'pull')],
      headers: whole ? {} : { range: `bytes=${start}-${end - 1}` },
      expect: [200, 206, 416],
      ...(signal ? { signal } : {}),
    })
    const problem = problemOf(answer, start, end, size)
    if (problem === undefined) return answer
    discard(answer)
    throw protocolFailure(asked, problem)
  }

  async function* read(first: Answer): AsyncGenerator<Uint8Array, void> {
    let answer = first
    let at = range.start
    const attempts = attemptsOf(client, asked)
    for (;;) {
      const before = at
      try {
        for await (const chunk of within(answer, at, { end, size, asked })) {
          at += chunk.length
          yield chunk
        }
        if (at === end) return
        throw new TransientFailure('REGISTRY_UNREACHABLE', `registry ${client.host} stops sending`, {
          why: `could not ${asked.operation}: it ended after ${at} of ${size} bytes`,
        })
      } catch (error) {
        if (signal?.aborted) throw signal.reason
        // all is here, only the end of the answer was late
        const late = !(error instanceof SealiftError) || error.code === 'REGISTRY_TIMEOUT'
        if (at === end && late) return
        if (at - before >= progress) attempts.progress()
        await attempts.next(networkFailure(error, asked, true), signal)
        answer = await ask(at)
      }
    }
  }

  return Object.assign(read(await ask(range.start)), { blame: (why: string) => contentFailure(asked, why) })
}

/** What is wrong with the answer to a request for [start, end) of a blob of `size` bytes. */
function problemOf(answer: Answer, start: number, end: number, size: number): string | undefined {
  const length = answer.header('content-length')
  if (answer.status === 416) return `it does not have the bytes from ${start} of ${size}`
  if (answer.status === 200)
    return length !== undefined && Number(length) !== size ? `it sends ${length} bytes, not ${size}` : undefined
  const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(answer.header('content-range') ?? '') ?? []
  if (Number(from) !== start || Number(to) !== end - 1) return 'it sends another range than was asked for'
  if (total !== '*' && Number(total) !== size) return `it holds ${total} bytes, not ${size}`
  return length !== undefined && Number(length) !== end - start ? `it sends ${length} bytes of a range` : undefined
}

/** The bytes [at, end) out of an answer: one that ignores Range sends all, so what lies before and behind is dropped. */
async function* within(
  answer: Answer,
  at: number,
  { end, size, asked }: { end: number; size: number; asked: Asked },
): AsyncGenerator<Uint8Array, void> {
  const sendsAll = answer.status === 200
  let skip = sendsAll ? at : 0
  let left = end - at
  for await (const chunk of answer.body) {
    const rest = chunk.subarray(Math.min(skip, chunk.length))
    skip -= chunk.length - rest.length
    const more = rest.length > left
    if (more && !(sendsAll && end < size)) throw protocolFailure(asked, 'it sends more bytes than announced')
    const part = more ? rest.subarray(0, left) : rest
    left -= part.length
    if (part.length > 0) yield part
    if (left === 0 && sendsAll && end < size) return
  }
}

async function* none(): AsyncGenerator<Uint8Array, void> {}
