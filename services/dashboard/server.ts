import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import { farewell, lameDuckMs } from '../lame-duck.ts'
import { loggerOptions } from '../logging.ts'
import { guardDoors, standLast } from '../uncaught.ts'
import { dashboard } from './app.ts'
import { readEnvironment } from './environment.ts'

const { port, host, logLevel } = readEnvironment(process.env)
const app = Fastify({
  logger: loggerOptions(logLevel),
  bodyLimit: 1024,
  requestTimeout: 30_000,
})

standLast({ log: app.log, alone: true })
guardDoors('http', app.server)
const sayFarewell = farewell(app)

let closing = false
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, async () => {
    if (closing) return
    closing = true
    sayFarewell()
    if (signal === 'SIGTERM') await sleep(lameDuckMs)
    setTimeout(() => process.exit(1), 10_000).unref()
    app.close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  })

try {
  await app.register(dashboard, { directory: fileURLToPath(new URL('./public/', import.meta.url)) })
  await app.listen({ port, host })
} catch (error) {
  app.log.fatal({ err: error }, 'the dashboard cannot start')
  process.exit(1)
}
