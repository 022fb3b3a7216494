import type { IncomingMessage, ServerResponse } from 'node:http'
import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { sendBlob, sendDocument } from './content.ts'
import { pageOf } from './page.ts'
import { refusal } from './refusal.ts'
import type { Route } from './route.ts'
import { sendJson } from './send-json.ts'
import type { Shown } from './shown.ts'

/**
 * Answers one request of the OCI distribution API, reading only; `route` and `query` are its URL.
 * @throws Refusal; SealiftError where content cannot be read
 */
export async function answer(
  { catalog, blobs }: Shown,
  route: Route,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if ((request.method !== 'GET' && request.method !== 'HEAD') || route.kind === 'upload')
    throw refusal(405, 'UNSUPPORTED', 'this registry is read-only', { allow: 'GET, HEAD' })
  switch (route.kind) {
    case 'base':
      return sendJson(response, {})
    case 'catalog': {
      const { names, link } = pageOf(catalog.repositories(), '/v2/_catalog', query)
      return sendJson(response, { repositories: names }, link ? { link } : {})
    }
    case 'tags': {
      const tags = catalog.tags(route.repository)
      if (!tags) throw unknownName()
      const { names, link } = pageOf(tags, `/v2/${route.repository}/tags/list`, query)
      return sendJson(response, { name: route.repository, tags: names }, link ? { link } : {})
    }
    case 'manifest': {
      const found = catalog.resolve(route.repository, route.reference)
      if (found) return sendDocument(found, request, response)
      throw catalog.tags(route.repository)
        ? refusal(404, 'MANIFEST_UNKNOWN', 'there is no such manifest')
        : unknownName()
    }
    case 'blob': {
      const found = catalog.contains(route.repository, route.digest)
      if (found) return await sendBlob(blobs, found, request, response)
      throw catalog.tags(route.repository) ? refusal(404, 'BLOB_UNKNOWN', 'there is no such blob') : unknownName()
    }
    case 'referrers': {
      const type = query.get('artifactType')
      const all = catalog.referrers(route.repository, route.digest)
      const manifests = type === null ? all : all.filter(({ artifactType }) => artifactType === type)
      const headers = { 'content-type': mediaTypes.index, ...(type ? { 'oci-filters-applied': 'artifactType' } : {}) }
      return sendJson(response, { schemaVersion: 2, mediaType: mediaTypes.index, manifests }, headers)
    }
  }
}

const unknownName = () => refusal(404, 'NAME_UNKNOWN', 'there is no such repository')
