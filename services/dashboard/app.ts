import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import staticFiles from '@fastify/static'
import type { FastifyPluginAsync } from 'fastify'
import { pageNames } from './pages.ts'
import securityHeaders from './security-headers.ts'

/** Where the built web files lie: index.html, and assets/ with a hash in each name. */
export type Options = { directory: string }

/** Pages that the browser's code draws; all are the same index.html. */
const pages = ['/', ...pageNames.map((name) => `/${name}`), '/workspaces/:id/terminal', '/workspaces/:id/dev-urls']

/** The dashboard as a Fastify plugin: serves the built web files and nothing else. */
export const dashboard: FastifyPluginAsync<Options> = async (app, { directory }) => {
  await app.register(securityHeaders)
  app.get('/healthz', { logLevel: 'warn' }, async () => {
    await readFile(join(directory, 'index.html'))
    return { status: 'ok' }
  })
  await app.register(staticFiles, {
    root: join(directory, 'assets'),
    prefix: '/assets/',
    index: false,
    dotfiles: 'deny',
    immutable: true,
    // a changed file has another name
    maxAge: '365d',
  })
  for (const page of pages)
    app.get(page, (_request, reply) =>
      // cacheControl off: the header below makes the browser ask each time and get 304 by the etag
      reply.header('cache-control', 'no-cache').sendFile('index.html', directory, { cacheControl: false }),
    )
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ code: 'NOT_FOUND', message: `there is no ${request.method} of this path` }),
  )
}
