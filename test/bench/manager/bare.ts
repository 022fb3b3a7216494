import Fastify from 'fastify'
import { openDatabase } from '../../../services/manager/database.ts'
import { readEnvironment } from '../../../services/manager/environment.ts'

/** What a service of this kind costs at the least: one route that makes one query over the manager's own pool. */
const { database: settings, port, host } = readEnvironment(process.env)
const app = Fastify({ logger: { level: 'info' } })
const database = openDatabase(settings, app.log)

app.get('/', async () => (await database.query('SELECT 1 AS one')).rows[0])
await app.listen({ port, host })
