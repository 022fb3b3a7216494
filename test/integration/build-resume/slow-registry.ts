import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDocument } from '@sealift/bundle-spec/descriptor.ts'
import type { MemoryStore } from '../../../installer/src/stores/memory.ts'

/** bytes that go out at once: small against what the sockets could hold */
const step = 64 << 10

/**
 * A registry over a store in memory that sends at `rate` bytes a second in all and counts the bytes of blobs. It sends
 * only what has been read, so that what it counts has arrived.
 */
export async function slowRegistry(t: TestContext, store: MemoryStore, host: string, rate: number) {
  const registry = { mirror: '', rate, sent: 0 }
  let next = 0
  const turn = async () => {
    const now = performance.now()
    next = Math.max(next, now) + (step / registry.rate) * 1000
    if (next > now + 2) await sleep(next - now)
  }

  async function send(response: ServerResponse, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !response.destroyed; at += step) {
      await turn()
      if (response.destroyed) return
      const chunk = bytes.subarray(at, at + step)
      registry.sent += chunk.length
      if (!response.write(chunk)) await drained(response)
    }
    response.end()
  }

  const server = createServer(async (request, response) => {
    const [, path = '', kind, reference = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(request.url ?? '') ?? []
    if (!kind) return response.writeHead(200).end()
    try {
      const digest = reference.startsWith('sha256:')
        ? reference
        : (await store.resolve(`${host}/${path}:${reference}`)).digest
      const parts = []
      for await (const part of await store.open(path, { digest, size: 0, mediaType: '' })) parts.push(part)
      const bytes = Buffer.concat(parts)
      if (kind === 'manifests') {
        const type = (JSON.parse(bytes.toString()) as { mediaType: string }).mediaType
        if (!isDocument(type)) throw new Error('no document')
        const headers = { 'content-type': type, 'docker-content-digest': digest, 'content-length': bytes.length }
        return response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : bytes)
      }
      const [, from] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? []
      const start = Number(from ?? 0)
      response.writeHead(from === undefined ? 200 : 206, {
        'content-length': bytes.length - start,
        ...(from === undefined ? {} : { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
      })
      await send(response, bytes.subarray(start))
    } catch {
      if (!response.headersSent) response.writeHead(404)
      response.end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  registry.mirror = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return registry
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      response.off('drain', end).off('close', end)
      resolve()
    }
    response.on('drain', end).on('close', end)
  })
}
