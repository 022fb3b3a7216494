import Type, { type Static } from 'typebox'
import { devUrlAddress, type SiteHosts } from '../dev-urls/address.ts'
import { labelPattern } from '../dev-urls/label.ts'
import { accessLevels, type DevUrl } from '../dev-urls/store.ts'
import { Identifier, nullable, oneOf } from './schemas.ts'

export const AccessLevel = Type.Enum([...accessLevels] as (typeof accessLevels)[number][], {
  description: 'its owner; members of the organization; everyone who is logged in; everyone',
})
export const Label = Type.String({ pattern: labelPattern, maxLength: 63 })

export const DevUrlRequest = Type.Object(
  {
    workspace: Identifier,
    port: Type.Integer({ minimum: 1, maximum: 65535, description: 'but for 12212, 13337 and 26337' }),
    access: Type.Optional(AccessLevel),
  },
  { additionalProperties: false },
)
export const DevUrlChange = Type.Object({ access: AccessLevel }, { additionalProperties: false })

export const DevUrlAnswer = Type.Object({
  id: Type.String(),
  workspace: Type.Object({ id: Type.String(), name: Type.String() }),
  port: Type.Integer(),
  access: oneOf(accessLevels),
  url: nullable(Type.String({ description: 'null where the site has no host for dev URLs' })),
  createdAt: Type.String({ format: 'date-time' }),
})

/** A dev URL as the API shows it. */
export function showDevUrl(one: DevUrl, hosts: SiteHosts): Static<typeof DevUrlAnswer> {
  return {
    id: one.id,
    workspace: { id: one.workspaceId, name: one.workspaceName },
    port: one.port,
    access: one.access,
    url: devUrlAddress(one.label, hosts) ?? null,
    createdAt: one.createdAt.toISOString(),
  }
}
