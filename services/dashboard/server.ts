import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import { loggerOptions } from '../logging.ts'
import { dashboard } from './app.ts'

const app = Fastify({
  logger: loggerOptions(process.env.LOG_LEVEL || 'info'),
  bodyLimit: 1024,
  requestTimeout: 30_000,
})

let closing = false
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => {
    if (closing) return
    closing = true
    setTimeout(() => process.exit(1), 10_000).unref()
    app.close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  })

try {
  await app.register(dashboard, { directory: fileURLToPath(new URL('./public/', import.meta.url)) })
  await app.listen({ port: Number(process.env.PORT || 3000), host: process.env.HOST || '::' })
} catch (error) {
  app.log.fatal({ err: error }, 'the dashboard cannot start')
  process.exit(1)
}
