import { type Descriptor, isDigest, isDocument } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Bytes, ContentSink, WriteOptions, WriteOutcome } from '@sealift/bundle-spec/store.ts'
import { readDocument } from '@sealift/bundle-spec/verify.ts'
import type { ReferringStore } from '../referrers.ts'
import { type Client, createClient } from './client.ts'
import { askHelper } from './credential-helper.ts'
import { dockerConfigPath, type Logins, readDockerConfig } from './docker-config.ts'
import { refusedDocument, refusedTag } from './document-refusal.ts'
import { type DocumentName, openDocument, putDocument, readDocumentOf, resolveDocument } from './documents.ts'
import { openBlob } from './download.ts'
import type { Learned } from './learned.ts'
import { type Place, placeOf, type RegistrySettings } from './place.ts'
import { isPresent } from './presence.ts'
import { probeUploads } from './probe.ts'
import { type ProxySettings, proxyFromEnvironment } from './proxy.ts'
import { parseReference, parseRepository } from './reference.ts'
import { findReferrers, listReferrers, readFallback } from './referrers.ts'
import { defaultRetry, type RetryPolicy } from './retry.ts'
import type { Credentials } from './tokens.ts'
import { createTransport, defaultPatience, type Timeouts, timeoutsFor } from './transport.ts'
import { type ChunkSizes, defaultChunks, writeBlob } from './upload.ts'
import type { UploadJournal } from './upload-journal.ts'
import type { Watcher } from './watcher.ts'

export interface RegistryStoreOptions {
  /**
   * How registries are reached, by the host where they really are, or else by the host in the name. A host without
   * settings is reached over TLS that the system trusts.
   */
  registries?: Readonly<Record<string, RegistrySettings>> | ((host: string) => RegistrySettings | undefined)
  /** by the host in names: `host[:port][/path]` where its content really is */
  mirrors?: Readonly<Record<string, string>>
  /** default: HTTPS_PROXY, HTTP_PROXY and NO_PROXY */
  proxy?: ProxySettings | (() => ProxySettings)
  /** file of `docker login` for hosts without credentials in their settings; false reads none. Default: docker's own */
  dockerConfig?: string | false
  /** for errors and progress; default `registry` */
  origin?: string
  /** milliseconds that a registry may keep one request waiting in all, without getting anywhere; default 5 minutes */
  patience?: number
  /** instead of what follows from the patience */
  timeouts?: Partial<Timeouts>
  retry?: RetryPolicy
  chunks?: ChunkSizes
  /** by the address where a registry really is: who looks on while it is asked */
  watch?: (origin: URL) => Watcher
}

export interface RegistryWriteOptions extends WriteOptions {
  /** remembers uploads that a run leaves open for the next one */
  journal?: UploadJournal | undefined
}

/** Remote registries as one store: the host in a name decides which. Ends its connections with `close`. */
export interface RegistryStore extends ContentSink, ReferringStore {
  write(
    repository: string,
    descriptor: Descriptor,
    source: (offset: number) => Promise<Bytes>,
    options?: RegistryWriteOptions,
  ): Promise<WriteOutcome>
  /**
   * What the registry itself lists as referring to a manifest; undefined where it has no referrers API, so that a list
   * of it is kept under a tag: `fallback` reads that one.
   */
  listed(repository: string, digest: string, signal?: AbortSignal): Promise<Descriptor[] | undefined>
  fallback(repository: string, digest: string, signal?: AbortSignal): Promise<Descriptor[] | undefined>
  /** Reads what a reference stands for, hashed: what `resolve` is told, this proves. */
  read(reference: string, signal?: AbortSignal): Promise<{ descriptor: Descriptor; bytes: Uint8Array }>
  /** Tries, with an upload that is dropped again, how the registry of a repository takes content. */
  probe(repository: string, signal?: AbortSignal): Promise<Learned & { login: string }>
  /** What is known by now about the registry of a repository. */
  learned(repository: string): Promise<Learned & { login: string }>
  close(): Promise<void>
}

/** bytes of documents written lately that are kept to be given a tag */
const keptDocuments = 16 << 20

/** entries of the list of what is known to be missing */
const mostMissing = 100_000

/**
 * Opens registries (OCI distribution API). Nothing is asked before the first use.
 * Errors of its operations: REGISTRY_UNREACHABLE, _TIMEOUT, _TLS, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _REFUSED,
 * _PROTOCOL, each with host and operation; USAGE_REFERENCE, USAGE_REGISTRY, USAGE_CA, USAGE_DOCKER_CONFIG.
 */
export function registryStore(options: RegistryStoreOptions = {}): RegistryStore {
  const { registries = {}, mirrors = {} } = options
  const timeouts = { ...timeoutsFor(options.patience ?? defaultPatience), ...options.timeouts }
  const clients = new Map<string, Promise<Client>>()
  let logins: Promise<Logins> | undefined
  const documents = new Map<string, Uint8Array>()
  let documentBytes = 0
  /** `host/path@digest` and `host/path:tag` that were looked for and are not there: a write need not look again, once */
  const missing = new Set<string>()

  const settingsFor = (host: string): RegistrySettings | undefined =>
    typeof registries === 'function' ? registries(host) : Object.hasOwn(registries, host) ? registries[host] : undefined

  function clientFor(host: string): Promise<Client> {
    let client = clients.get(host)
    if (!client) {
      client = connect(host)
      clients.set(host, client)
    }
    return client
  }

  async function connect(host: string): Promise<Client> {
    const mirror = Object.hasOwn(mirrors, host) ? mirrors[host] : undefined
    const settings = settingsFor(mirror?.split('/', 1)[0] ?? host) ?? settingsFor(host) ?? {}
    const place: Place = placeOf(host, settings, mirror)
    const proxy = options.proxy ?? proxyFromEnvironment(process.env)
    const transport = createTransport({
      proxy: typeof proxy === 'function' ? proxy() : proxy,
      timeouts,
      watcher: options.watch?.(place.origin),
      ...(settings.caPem === undefined ? {} : { caPem: settings.caPem }),
    })
    const credentials =
      settings.credentials ??
      (settings.helper ? await askHelper(settings.helper, place.host) : await loginFor(place.host))
    return createClient({ ...place, transport, retry: options.retry ?? defaultRetry, credentials })
  }

  async function loginFor(host: string): Promise<Credentials | undefined> {
    if (options.dockerConfig === false) return undefined
    logins ??= readDockerConfig(options.dockerConfig ?? dockerConfigPath(process.env))
    return await (await logins)(host)
  }

  function keepDocument(digest: string, bytes: Uint8Array): void {
    if (documents.has(digest)) return
    documents.set(digest, bytes)
    documentBytes += bytes.length
    for (const [oldest, { length }] of documents) {
      if (documentBytes <= keptDocuments) return
      documents.delete(oldest)
      documentBytes -= length
    }
  }

  /** Notes what was looked for and is not there. */
  async function noting<T>(name: string, look: Promise<T>): Promise<T> {
    try {
      return await look
    } catch (error) {
      if ((error as SealiftError).code === 'REGISTRY_NOT_FOUND' && missing.size < mostMissing) missing.add(name)
      throw error
    }
  }

  async function documentBytesOf(client: Client, path: string, descriptor: Descriptor, signal?: AbortSignal) {
    const kept = documents.get(descriptor.digest)
    return kept ?? (await readDocumentOf(client, { path, reference: descriptor.digest }, signal)).bytes
  }

  return {
    origin: options.origin ?? 'registry',
    async resolve(reference, signal) {
      const { host, path, tag, digest } = parseReference(reference)
      const name = { path, reference: digest ?? (tag as string) }
      return await noting(nameOf(host, name), resolveDocument(await clientFor(host), name, signal))
    },
    async has(repository, descriptor, signal) {
      const { host, path } = parseRepository(repository)
      const there = await isPresent(await clientFor(host), path, descriptor, 'pull', signal)
      if (!there && missing.size < mostMissing) missing.add(`${host}/${path}@${descriptor.digest}`)
      return there
    },
    async open(repository, descriptor, range, signal) {
      const { host, path } = parseRepository(repository)
      const client = await clientFor(host)
      const { start, end } = range ?? { start: 0, end: descriptor.size }
      const name = nameOf(host, { path, reference: descriptor.digest })
      if (!isDocument(descriptor.mediaType))
        return await noting(name, openBlob(client, path, descriptor, { start, end }, signal))
      return one((await noting(name, openDocument(client, path, descriptor, signal))).subarray(start, end))
    },
    async write(repository, descriptor, source, write = {}) {
      const { host, path } = parseRepository(repository)
      const client = await clientFor(host)
      const { signal } = write
      const notThere = missing.delete(`${host}/${path}@${descriptor.digest}`)
      if (!isDocument(descriptor.mediaType)) {
        const mountPaths = (write.mountFrom ?? [])
          .map(parseRepository)
          .filter((from) => from.host === host && from.path !== path)
          .map((from) => from.path)
        const { chunks = defaultChunks } = options
        return await writeBlob(client, {
          ...write,
          path,
          descriptor,
          source,
          mountPaths,
          chunks,
          missing: notThere,
        })
      }
      const bytes = await readDocument(descriptor, () => source(0), 'source')
      keepDocument(descriptor.digest, bytes)
      if (!notThere && (await isPresent(client, path, descriptor, 'pull,push', signal))) return 'present'
      try {
        await putDocument(client, { path, reference: descriptor.digest }, descriptor, bytes, signal)
      } catch (error) {
        throw refusedDocument(client, path, descriptor, bytes, error)
      }
      write.onBytes?.(bytes.length)
      return 'sent'
    },
    async tag(reference, descriptor, signal) {
      const { host, path, tag, digest } = parseReference(reference)
      if (digest !== undefined && digest !== descriptor.digest)
        throw new SealiftError('USAGE_REFERENCE', `${reference} cannot be the name of ${descriptor.digest}`)
      // a name by digest alone is there as soon as the content is
      if (tag === undefined) return
      const client = await clientFor(host)
      const notThere = missing.delete(`${host}/${path}:${tag}`)
      const now = notThere ? undefined : await currentDigest(client, path, tag, signal)
      if (now === descriptor.digest) return
      const bytes = await documentBytesOf(client, path, descriptor, signal)
      try {
        await putDocument(client, { path, reference: tag }, descriptor, bytes, signal)
      } catch (error) {
        // some answer with an error to the second of two that give the same name to the same content
        const after = await currentDigest(client, path, tag, signal).catch(() => undefined)
        if (after !== descriptor.digest) throw refusedTag(client, reference, after, error)
      }
    },
    async read(reference, signal) {
      const { host, path, tag, digest } = parseReference(reference)
      const name = { path, reference: digest ?? (tag as string) }
      return await noting(nameOf(host, name), readDocumentOf(await clientFor(host), name, signal))
    },
    async probe(repository, signal) {
      const { host, path } = parseRepository(repository)
      const client = await clientFor(host)
      await probeUploads(client, path, signal)
      return { login: client.auth.scheme, ...client.learned }
    },
    async learned(repository) {
      const client = await clientFor(parseRepository(repository).host)
      return { login: client.auth.scheme, ...client.learned }
    },
    async referrers(repository, digest, signal) {
      const { host, path } = parseRepository(repository)
      return await findReferrers(await clientFor(host), path, digest, signal)
    },
    async listed(repository, digest, signal) {
      const { host, path } = parseRepository(repository)
      return await listReferrers(await clientFor(host), path, digest, signal)
    },
    async fallback(repository, digest, signal) {
      const { host, path } = parseRepository(repository)
      return (await readFallback(await clientFor(host), path, digest, signal))?.entries
    },
    async close() {
      const open = await Promise.allSettled(clients.values())
      await Promise.all(open.map((one) => one.status === 'fulfilled' && one.value.transport.close()))
      clients.clear()
    },
  }
}

const nameOf = (host: string, { path, reference }: DocumentName): string =>
  `${host}/${path}${isDigest(reference) ? '@' : ':'}${reference}`

async function currentDigest(client: Client, path: string, tag: string, signal?: AbortSignal) {
  try {
    return (await resolveDocument(client, { path, reference: tag }, signal)).digest
  } catch (error) {
    if ((error as SealiftError).code === 'REGISTRY_NOT_FOUND') return undefined
    throw error
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  if (bytes.length > 0) yield bytes
}
