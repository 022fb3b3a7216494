import Type, { type Static } from 'typebox'
import type { Bounds, Usage } from '../organizations/bounds.ts'
import type { Organization } from '../organizations/store.ts'
import { nullable } from './schemas.ts'

export const OrganizationName = Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$' })
const cpu = Type.Number({ minimum: 0, maximum: 100_000, multipleOf: 0.25 })
const amount = Type.Integer({ minimum: 0, maximum: 10_000_000 })
const positive = Type.Integer({ minimum: 1, maximum: 10_000 })

const quota = {
  cpu: nullable(cpu),
  memoryGiB: nullable(amount),
  diskGiB: nullable(amount),
  gpus: nullable(amount),
  workspaces: nullable(amount),
}
const limit = {
  cpu: nullable(Type.Number({ minimum: 0.25, maximum: 1000, multipleOf: 0.25 })),
  memoryGiB: nullable(positive),
  diskGiB: nullable(positive),
  gpus: nullable(Type.Integer({ minimum: 0, maximum: 64 })),
}

export const OrganizationAnswer = Type.Object({
  id: Type.String(),
  name: Type.String(),
  createdAt: Type.String({ format: 'date-time' }),
  quota: Type.Object(quota, { description: 'bounds of all its workspaces together; null is no bound' }),
  limits: Type.Object(limit, { description: 'bounds of one workspace; null is no bound' }),
  usage: Type.Optional(
    Type.Object({
      cpu: Type.Number(),
      memoryGiB: Type.Integer(),
      diskGiB: Type.Integer(),
      gpus: Type.Integer(),
      workspaces: Type.Integer(),
    }),
  ),
})

const strict = { additionalProperties: false }
export const OrganizationChange = Type.Object(
  {
    name: Type.Optional(OrganizationName),
    quota: Type.Optional(Type.Partial(Type.Object(quota), strict)),
    limits: Type.Optional(Type.Partial(Type.Object(limit), strict)),
  },
  { ...strict, minProperties: 1 },
)

const milli = (cores: number | null | undefined) => (typeof cores === 'number' ? Math.round(cores * 1000) : cores)
const cores = (milli: number | null): number | null => (milli === null ? null : milli / 1000)

/** The bounds that a change names; null lifts one. */
export function boundsOf({ quota, limits }: Static<typeof OrganizationChange>): Partial<Bounds> {
  const all = {
    quotaCpuMilli: milli(quota?.cpu),
    quotaMemoryGiB: quota?.memoryGiB,
    quotaDiskGiB: quota?.diskGiB,
    quotaGpus: quota?.gpus,
    quotaWorkspaces: quota?.workspaces,
    limitCpuMilli: milli(limits?.cpu),
    limitMemoryGiB: limits?.memoryGiB,
    limitDiskGiB: limits?.diskGiB,
    limitGpus: limits?.gpus,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Partial<Bounds>
}

export function showOrganization(one: Organization, usage?: Usage): Static<typeof OrganizationAnswer> {
  return {
    id: one.id,
    name: one.name,
    createdAt: one.createdAt.toISOString(),
    quota: {
      cpu: cores(one.quotaCpuMilli),
      memoryGiB: one.quotaMemoryGiB,
      diskGiB: one.quotaDiskGiB,
      gpus: one.quotaGpus,
      workspaces: one.quotaWorkspaces,
    },
    limits: {
      cpu: cores(one.limitCpuMilli),
      memoryGiB: one.limitMemoryGiB,
      diskGiB: one.limitDiskGiB,
      gpus: one.limitGpus,
    },
    ...(usage === undefined
      ? {}
      : {
          usage: {
            cpu: usage.cpuMilli / 1000,
            memoryGiB: usage.memoryGiB,
            diskGiB: usage.diskGiB,
            gpus: usage.gpus,
            workspaces: usage.workspaces,
          },
        }),
  }
}
