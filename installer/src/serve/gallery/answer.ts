import type { IncomingMessage, ServerResponse } from 'node:http'
import { hostOf } from '../access.ts'
import { sendBlob } from '../content.ts'
import { readBody } from '../read-body.ts'
import { refusal } from '../refusal.ts'
import { sendJson } from '../send-json.ts'
import type { Shown } from '../shown.ts'
import { assetOf } from './assets.ts'
import { entryOf } from './entry.ts'
import { mostQueryBytes, search } from './query.ts'
import { noSuchThing, readGalleryRoute } from './route.ts'

/**
 * Answers one request of an editor for extensions. There is no login: editors have none to give, and each person with a
 * workspace may have the extensions (docs/extensions.md).
 * @param query what follows the `?` of its URL
 * @throws Refusal; SealiftError where content cannot be read
 */
export async function answerGallery(
  { gallery, blobs }: Pick<Shown, 'gallery' | 'blobs'>,
  path: string,
  query: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const route = readGalleryRoute(path)
  const allowed = route.kind === 'query' ? ['POST'] : ['GET', 'HEAD']
  if (!allowed.includes(request.method ?? ''))
    throw refusal(405, 'UNSUPPORTED', 'the gallery is read-only', { allow: allowed.join(', ') })
  const headers = { 'cache-control': 'no-cache' }
  if (route.kind === 'query') {
    const base = baseOf(request)
    const { page, total, latestOnly } = search(gallery, await readBody(request, mostQueryBytes))
    const metadataItems = [{ name: 'TotalCount', count: total }]
    const resultMetadata = [{ metadataType: 'ResultCount', metadataItems }]
    const extensions = page.map((one) => entryOf(one, latestOnly, base))
    return sendJson(response, { results: [{ extensions, pagingToken: null, resultMetadata }] }, headers)
  }
  const extension = gallery.find(({ id }) => id === route.id)
  if (!extension) throw noSuchThing()
  if (route.kind === 'latest') return sendJson(response, entryOf(extension, true, baseOf(request)), headers)
  const platform = new URLSearchParams(query).get('targetPlatform') ?? 'universal'
  const offered = extension.offered.find(
    ({ extension: { version, targetPlatform = 'universal' } }) =>
      version === route.version && targetPlatform === platform,
  )
  const asset = offered && assetOf(offered, route.type)
  if (!asset) throw noSuchThing()
  await sendBlob(blobs, asset.descriptor, request, response, { ...headers, 'content-type': asset.contentType })
}

/** The server as the client reaches it, by whose words it is told where files are. */
function baseOf({ headers, socket }: IncomingMessage): string {
  const host = hostOf(headers.host)
  if (host === undefined) throw refusal(400, 'UNSUPPORTED', 'the request does not say which host it is for')
  // a proxy on this machine ends TLS where the server itself does not
  const isSecure = 'encrypted' in socket || headers['x-forwarded-proto'] === 'https'
  return `${isSecure ? 'https' : 'http'}://${host}`
}
