import { LicenseClaims } from '@sealift/bundle-spec/license.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import Type, { type Static } from 'typebox'
import { record } from '../audit.ts'
import { callerOf } from '../authorization.ts'
import type { Dependencies } from '../dependencies.ts'
import type { License } from '../licensing.ts'
import type { TypedInstance } from '../schema-types.ts'
import { countSeats } from '../users/store.ts'
import { ErrorAnswer } from './schemas.ts'

const LicenseAnswer = Type.Object({
  mode: Type.String(),
  standing: Type.String({ description: 'entitled, grace, expired, early, or missing' }),
  seatsUsed: Type.Integer({ description: 'users who may log in; more than the license has is a warning, no more' }),
  claims: Type.Optional(LicenseClaims),
  daysLeft: Type.Optional(Type.Integer({ description: 'whole days until the term ends; negative in grace' })),
  refusal: Type.Optional(ErrorAnswer),
})

/** What the license allows, and uploading another. Both answer whatever the license says. */
export function licenseRoutes(app: TypedInstance, { database, licensing, clock }: Dependencies): void {
  const show = (license: License | undefined, seatsUsed: number): Static<typeof LicenseAnswer> => {
    if (license === undefined) return { mode: licensing.mode, standing: 'missing', seatsUsed }
    const { claims, standing, refusal } = license
    return {
      mode: licensing.mode,
      standing,
      seatsUsed,
      claims,
      daysLeft: Math.floor((claims.license_expires - clock() / 1000) / 86_400),
      ...(refusal === undefined
        ? {}
        : {
            refusal: {
              code: refusal.code,
              message: refusal.message,
              ...(refusal.why === undefined ? {} : { why: refusal.why }),
              ...(refusal.fix === undefined ? {} : { fix: refusal.fix }),
            },
          }),
    }
  }

  app.get(
    '/api/v0/license',
    {
      config: { permission: 'license:read', license: 'exempt' },
      schema: { response: { 200: LicenseAnswer, '4xx': ErrorAnswer } },
    },
    async () => show(await licensing.current(), await countSeats(database)),
  )

  app.put(
    '/api/v0/license',
    {
      bodyLimit: limits.license + 1024,
      config: { permission: 'license:write', license: 'exempt', audit: 'license.upload', lines: true },
      schema: {
        body: Type.Object(
          { license: Type.String({ minLength: 1, maxLength: limits.license }) },
          { additionalProperties: false },
        ),
        response: { 200: LicenseAnswer, '4xx': ErrorAnswer },
      },
    },
    async (request) => {
      const license = await licensing.upload(request.body.license, callerOf(request).id)
      const { id, customer, tier } = license.claims
      await record(database, request, { target: { type: 'license', id, name: customer }, details: { tier } }, clock())
      request.log.info({ user: callerOf(request).id, license: id }, 'a license was uploaded')
      return show(license, await countSeats(database))
    },
  )
}
