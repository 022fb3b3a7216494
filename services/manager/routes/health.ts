import Type from 'typebox'
import { inTime } from '../../time-limit.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import type { TypedInstance } from '../schema-types.ts'

const Health = Type.Object({ status: Type.Literal('ok') })
const open = { permission: 'anyone', license: 'exempt' } as const

/** `/healthz`: able to serve, that is, the database answers within 2 s. `/livez`: the process answers at all. */
export function healthRoutes(app: TypedInstance, { database }: Dependencies): void {
  app.get('/livez', { config: open, logLevel: 'warn', schema: { response: { 200: Health } } }, async () => ({
    status: 'ok' as const,
  }))
  app.get('/healthz', { config: open, logLevel: 'warn', schema: { response: { 200: Health } } }, async () => {
    await inTime(database.query('SELECT 1'), 2_000).catch((cause) => {
      throw new ApiError(503, 'DATABASE_UNAVAILABLE', 'the database does not answer', { cause })
    })
    return { status: 'ok' as const }
  })
}
