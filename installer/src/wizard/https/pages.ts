import type { IncomingMessage, ServerResponse } from 'node:http'

/** A file of the wizard's web pages. */
export interface Asset {
  /** of the header Content-Type */
  type: string
  bytes: Uint8Array
}

/** By path without the slash in front: `index.html`, and `assets/` whose names have a hash in them. */
export type Assets = ReadonlyMap<string, Asset>

/** Sends a page or what belongs to it. A path is a name in a list and nothing else, so it leads nowhere else. */
export function sendPage(assets: Assets, { method, url = '' }: IncomingMessage, response: ServerResponse): void {
  const path = url.split('?', 1)[0] ?? ''
  const name = path === '/' ? 'index.html' : path.slice(1)
  const asset = assets.get(name)
  if (!asset || (method !== 'GET' && method !== 'HEAD')) {
    plain(response, 404, 'there is nothing at this address')
    return
  }
  const isKept = name.startsWith('assets/')
  response
    .writeHead(200, {
      'content-type': asset.type,
      'content-length': asset.bytes.length,
      'cache-control': isKept ? 'private, max-age=31536000, immutable' : 'no-store',
    })
    .end(method === 'HEAD' ? undefined : asset.bytes)
}

/** Says something to whoever is not the wizard's own pages. */
export function plain(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      connection: 'close',
    })
    .end(`${text}\n`)
}
