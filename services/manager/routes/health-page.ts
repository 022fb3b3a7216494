import Type from 'typebox'
import type { Dependencies } from '../dependencies.ts'
import { findings } from '../health/checks.ts'
import type { TypedInstance } from '../schema-types.ts'
import { ErrorAnswer, oneOf } from './schemas.ts'

const standings = ['ok', 'warning', 'failing'] as const
const HealthAnswer = Type.Object({
  standing: oneOf(standings),
  checks: Type.Array(
    Type.Object({
      name: Type.String(),
      standing: oneOf(standings),
      code: Type.Optional(Type.String()),
      message: Type.Optional(Type.String()),
      fix: Type.Optional(Type.String()),
    }),
  ),
})

/** What of the platform works and what does not, check by check. It answers 200 whatever it found. */
export function healthPageRoutes(app: TypedInstance, dependencies: Dependencies): void {
  // who reloads the page in a hurry does not make more checks run at once
  let running: ReturnType<typeof findings> | undefined
  app.get(
    '/api/v0/health',
    {
      config: { permission: 'health:read', license: 'exempt' },
      schema: { response: { 200: HealthAnswer, '4xx': ErrorAnswer } },
    },
    async () => {
      running ??= findings(dependencies).finally(() => {
        running = undefined
      })
      const checks = await running
      const worst = standings.findLast((standing) => checks.some((check) => check.standing === standing))
      return { standing: worst ?? 'ok', checks }
    },
  )
}
