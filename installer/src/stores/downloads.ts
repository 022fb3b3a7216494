import { createHash } from 'node:crypto'
import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { ByteRange, Bytes, ContentStore } from '@sealift/bundle-spec/store.ts'
import { type Answer, discard, exchange } from './registry/exchange.ts'
import { networkFailure, TransientFailure } from './registry/failure.ts'
import { type ProxySettings, proxyFromEnvironment } from './registry/proxy.ts'
import { attemptsAt, defaultRetry, parseRetryAfter, type RetryPolicy } from './registry/retry.ts'
import { createTransport, defaultPatience, timeoutsFor } from './registry/transport.ts'
import type { Watcher } from './registry/watcher.ts'

/** bytes after which a connection that drops again counts as a new one */
const progress = 1 << 20

/** A file on a web server whose content is known beforehand. */
export interface Download {
  url: string
  /** 64 hex digits */
  sha256: string
  /** bytes */
  size: number
  /** allows HTTP without TLS; the hash protects the content, not who sees it */
  plainHttp?: boolean | undefined
}

export interface DownloadStore extends ContentStore {
  /**
   * Notes where a file is; nothing is asked yet.
   * @throws SealiftError BUILD_DOWNLOAD for an address that is not acceptable
   */
  add(download: Download, mediaType: string): Descriptor
  close(): Promise<void>
}

/**
 * A store over files of web servers. No login is sent anywhere, redirects are followed but never from TLS to none, what
 * drops goes on from where it stopped, and more bytes than announced are not read.
 * Errors of `open`, also while reading: BUILD_DOWNLOAD.
 */
export function downloadStore(
  options: {
    caPem?: string
    proxy?: ProxySettings
    retry?: RetryPolicy
    /** milliseconds that a server may keep one request waiting in all, without getting anywhere; default 5 minutes */
    patience?: number | undefined
    watcher?: Watcher
  } = {},
): DownloadStore {
  const { retry = defaultRetry, patience = defaultPatience } = options
  const downloads = new Map<string, Download>()
  const transport = createTransport({
    proxy: options.proxy ?? proxyFromEnvironment(process.env),
    timeouts: timeoutsFor(patience),
    watcher: options.watcher,
    ...(options.caPem === undefined ? {} : { caPem: options.caPem }),
  })

  async function ask({ url, size }: Download, { start, end }: ByteRange, signal?: AbortSignal): Promise<Answer> {
    const address = new URL(url)
    const asked = { host: address.host, operation: `read ${address.pathname}` }
    const headers: Record<string, string> = start === 0 && end === size ? {} : { range: `bytes=${start}-${end - 1}` }
    const answer = await exchange(transport, {
      ...asked,
      method: 'GET',
      url: address,
      headers,
      ...(signal ? { signal } : {}),
    })
    if (answer.status === 200) return answer
    const range = answer.header('content-range')
    if (answer.status === 206 && range?.startsWith(`bytes ${start}-`) && headers.range !== undefined) return answer
    discard(answer)
    const why = `${answer.url.host} answers ${answer.status}`
    if (answer.status !== 429 && answer.status < 500) throw failed(url, why)
    const failure = new TransientFailure('BUILD_DOWNLOAD', `${shown(url)} cannot be downloaded`, { why })
    failure.retryAfter = parseRetryAfter(answer.header('retry-after'))
    throw failure
  }

  async function* read(download: Download, range: ByteRange, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const { url, sha256, size } = download
    const whole = range.start === 0 && range.end === size
    const hash = createHash('sha256')
    let at = range.start
    const attempts = attemptsAt({ host: new URL(url).host, operation: 'download it' }, retry, patience)
    while (at < range.end) {
      const before = at
      try {
        const answer = await ask(download, { start: at, end: range.end }, signal)
        let skip = answer.status === 200 ? at : 0
        for await (const chunk of answer.body) {
          const part = chunk.subarray(Math.min(skip, chunk.length))
          skip -= chunk.length - part.length
          if (part.length === 0) continue
          if (at + part.length > range.end) {
            if (whole) throw failed(url, `it is longer than the ${size} bytes that release.yaml says`)
            yield part.subarray(0, range.end - at)
            return
          }
          at += part.length
          if (whole) hash.update(part)
          yield part
        }
        if (at === range.end) break
        throw new TransientFailure('BUILD_DOWNLOAD', `${shown(url)} cannot be downloaded`, {
          why: `it ends after ${at} of ${size} bytes`,
        })
      } catch (error) {
        signal?.throwIfAborted()
        const failure = networkFailure(error, { host: new URL(url).host, operation: 'download it' }, true)
        if (at - before >= progress) attempts.progress()
        await attempts.next(failure, signal).catch((last) => {
          signal?.throwIfAborted()
          throw last.code === 'BUILD_DOWNLOAD' ? last : failed(url, last.why ?? last.message, last)
        })
      }
    }
    const digest = hash.digest('hex')
    if (whole && digest !== sha256) throw failed(url, `its SHA-256 is ${digest}, release.yaml says ${sha256}`)
  }

  return {
    origin: 'downloads',
    add(download, mediaType) {
      const { url, sha256, size, plainHttp } = download
      const address = URL.canParse(url) ? new URL(url) : undefined
      if (!address || !/^https?:$/.test(address.protocol)) throw failed(url, 'it is not an address of the web')
      if (address.username || address.password) throw failed(url, 'it holds a user or a password')
      if (address.protocol === 'http:' && !plainHttp)
        throw failed(url, 'it is reached without TLS: add plainHttp: true in release.yaml to allow that')
      const digest = `sha256:${sha256}`
      downloads.set(digest, download)
      return { mediaType, digest, size }
    },
    async resolve(reference) {
      throw new SealiftError('STORAGE_NOT_FOUND', `downloads have no names, so not ${reference}`)
    },
    async has(_repository, descriptor) {
      return downloads.get(descriptor.digest)?.size === descriptor.size
    },
    async open(_repository, descriptor, range, signal): Promise<Bytes> {
      const download = downloads.get(descriptor.digest)
      if (!download) throw new SealiftError('STORAGE_NOT_FOUND', `downloads do not hold ${descriptor.digest}`)
      return read(download, range ?? { start: 0, end: download.size }, signal)
    },
    close: () => transport.close(),
  }
}

/** An address without its query, which may be a key to it. */
function shown(url: string): string {
  if (!URL.canParse(url)) return url.slice(0, 200)
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}

const failed = (url: string, why: string, cause?: unknown): SealiftError =>
  new SealiftError('BUILD_DOWNLOAD', `${shown(url)} cannot be downloaded`, {
    why,
    fix: 'correct url, sha256 and size of the file in release.yaml, or download it yourself: --file NAME=PATH',
    cause,
  })
