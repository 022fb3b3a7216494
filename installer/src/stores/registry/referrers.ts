import { checkDescriptor, type Descriptor, isDigest, isIndex, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { cosignTags, type Referrer, referrersTag } from '../referrers.ts'
import { type Client, request, scopeOf, urlOf } from './client.ts'
import { readDocumentOf } from './documents.ts'
import { discard, readBody } from './exchange.ts'
import { type Asked, protocolFailure } from './failure.ts'

/**
 * What refers to a manifest: by the referrers API, or the tag that stands in for it, and by cosign's tags.
 * @throws SealiftError REGISTRY_*
 */
export async function findReferrers(
  client: Client,
  path: string,
  digest: string,
  signal?: AbortSignal,
): Promise<Referrer[]> {
  const [listed, ...tags] = await Promise.all([
    listReferrers(client, path, digest, signal),
    ...cosignTags(digest).map(async (tag) => ({ tag, descriptor: await tagged(client, path, tag, signal) })),
  ])
  const entries = listed ?? (await readFallback(client, path, digest, signal))?.entries ?? []
  return [
    ...entries.map((descriptor) => ({ descriptor })),
    ...tags.flatMap(({ tag, descriptor }) => (descriptor ? [{ tag, descriptor }] : [])),
  ]
}

/**
 * Asks the referrers API (distribution-spec, "Listing Referrers"), all pages within the limits of one list. Undefined
 * where the registry has none. Of each entry what says what it is is kept, without annotations.
 * @throws SealiftError REGISTRY_*; REGISTRY_PROTOCOL for a list that does not end
 */
export async function listReferrers(
  client: Client,
  path: string,
  digest: string,
  signal?: AbortSignal,
): Promise<Descriptor[] | undefined> {
  const operation = `list what refers to ${path}@${digest}`
  const asked = { host: client.host, operation, ...(signal ? { signal } : {}) }
  const found = new Map<string, Descriptor>()
  const pages = new Set<string>()
  let left = limits.list
  let url = urlOf(client, path, `referrers/${digest}`)
  for (;;) {
    pages.add(url.href)
    const answer = await request(client, {
      method: 'GET',
      url,
      operation,
      scopes: [scopeOf(client, path, 'pull')],
      headers: { accept: mediaTypes.index },
      expect: [200, 400, 403, 404, 405, 501],
      ...(signal ? { signal } : {}),
    })
    if (answer.status !== 200) {
      discard(answer)
      return undefined
    }
    const bytes = await readBody(answer, Math.min(left, limits.document), asked)
    if (!bytes) throw protocolFailure(asked, `the list is longer than ${limits.list} bytes, or a page of it too long`)
    left -= bytes.length
    const entries = readList(bytes, asked)
    if (!entries) {
      // a page for people, from a server that answers everything with 200
      if (pages.size === 1) return undefined
      throw protocolFailure(asked, `page ${pages.size} of the list is none`)
    }
    for (const { mediaType, digest, size, artifactType } of entries)
      found.set(digest, { mediaType, digest, size, ...(artifactType === undefined ? {} : { artifactType }) })
    const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.header('link') ?? '')?.[1]
    if (next === undefined || !URL.canParse(next, url)) return [...found.values()]
    url = new URL(next, url)
    if (url.origin !== client.origin.origin) throw protocolFailure(asked, 'the list goes on at another host')
    if (pages.has(url.href)) throw protocolFailure(asked, 'the list goes on with a page that came before')
    if (found.size > limits.listEntries || pages.size >= limits.listPages)
      throw protocolFailure(asked, `the list does not end after ${pages.size} pages with ${found.size} entries`)
  }
}

/** The index under the tag that stands in for the referrers API. @throws SealiftError REGISTRY_* */
export async function readFallback(
  client: Client,
  path: string,
  digest: string,
  signal?: AbortSignal,
): Promise<{ descriptor: Descriptor; entries: Descriptor[] } | undefined> {
  const reference = referrersTag(digest)
  if (!(await tagged(client, path, reference, signal))) return undefined
  const { descriptor, bytes } = await readDocumentOf(client, { path, reference }, signal)
  const asked = { host: client.host, operation: `read ${path}:${reference}` }
  const entries = isIndex(descriptor.mediaType) ? readList(bytes, asked) : undefined
  return entries && { descriptor, entries }
}

async function tagged(
  client: Client,
  path: string,
  tag: string,
  signal?: AbortSignal,
): Promise<Descriptor | undefined> {
  // most images have none of these tags: HEAD first, and its 404 is believed
  const answer = await request(client, {
    method: 'HEAD',
    url: urlOf(client, path, `manifests/${tag}`),
    operation: `look for ${path}:${tag}`,
    scopes: [scopeOf(client, path, 'pull')],
    headers: { accept: `${mediaTypes.manifest}, ${mediaTypes.index}, ${mediaTypes.dockerManifest}` },
    expect: [200, 400, 404, 405, 501],
    ...(signal ? { signal } : {}),
  })
  discard(answer)
  if (answer.status === 404 || answer.status === 400) return undefined
  try {
    return (await readDocumentOf(client, { path, reference: tag }, signal)).descriptor
  } catch (error) {
    if ((error as SealiftError).code === 'REGISTRY_NOT_FOUND') return undefined
    throw error
  }
}

/** The entries of a list; those by other digests than ours are left out. Undefined for what is no list. */
function readList(bytes: Uint8Array, asked: Asked): Descriptor[] | undefined {
  let entries: unknown
  try {
    entries = (parseJson(bytes, 'the list of referrers') as { manifests?: unknown } | null)?.manifests
  } catch {
    return undefined
  }
  if (!Array.isArray(entries)) return undefined
  try {
    return entries
      .filter((entry) => typeof entry?.digest !== 'string' || isDigest(entry.digest))
      .map((entry) => checkDescriptor(entry, 'the list'))
  } catch (error) {
    throw protocolFailure(asked, (error as Error).message)
  }
}
