import Type, { type Static } from 'typebox'
import type { ImageSizes } from '../images/store.ts'
import { Identifier, nullable } from './schemas.ts'

const strict = { additionalProperties: false }
const cpu = Type.Number({ minimum: 0.25, maximum: 64, multipleOf: 0.25 })
const memory = Type.Integer({ minimum: 1, maximum: 512 })
const disk = Type.Integer({ minimum: 1, maximum: 4096 })
const gpus = Type.Integer({ minimum: 0, maximum: 64 })
const name = Type.String({ minLength: 1, maxLength: 64, pattern: '^[ -~]+$' })

export const Tag = Type.String({ pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$' })
export const Digest = Type.String({ pattern: '^sha256:[0-9a-f]{64}$' })

const Sizes = Type.Object({
  cpu,
  memoryGiB: memory,
  diskGiB: disk,
  maxCpu: nullable(cpu),
  maxMemoryGiB: nullable(memory),
  maxDiskGiB: nullable(disk),
  gpus,
  maxGpus: nullable(gpus),
})

export const ImageAnswer = Type.Object({
  id: Type.String(),
  name: Type.String(),
  registry: Type.String({ description: 'its id' }),
  repository: Type.String({ description: 'with the host of the registry' }),
  releaseImage: Type.Boolean({ description: 'whether the installed release brings it' }),
  deprecated: Type.Boolean({ description: 'no new workspaces' }),
  defaultTag: Type.String(),
  tags: Type.Array(Type.Object({ tag: Type.String(), reference: Type.String() })),
  sizes: Sizes,
})

export const ImageRequest = Type.Object(
  {
    name,
    registry: Identifier,
    repository: Type.String({ maxLength: 255, pattern: '^[a-z0-9]+([._/-]+[a-z0-9]+)*$' }),
    tag: Tag,
    digest: Type.Optional(Digest),
  },
  strict,
)

export const ImageChange = Type.Object(
  {
    name: Type.Optional(name),
    defaultTag: Type.Optional(Tag),
    deprecated: Type.Optional(Type.Boolean()),
    sizes: Type.Optional(Type.Partial(Sizes, strict)),
  },
  { ...strict, minProperties: 1 },
)

/** What a change of sizes means for the table; null lifts a bound. */
export function sizesOf(sizes: Partial<Static<typeof Sizes>> | undefined): Partial<ImageSizes> {
  const all = {
    defaultCpuMilli: sizes?.cpu === undefined ? undefined : Math.round(sizes.cpu * 1000),
    defaultMemoryGiB: sizes?.memoryGiB,
    defaultDiskGiB: sizes?.diskGiB,
    maxCpuMilli: typeof sizes?.maxCpu === 'number' ? Math.round(sizes.maxCpu * 1000) : sizes?.maxCpu,
    maxMemoryGiB: sizes?.maxMemoryGiB,
    maxDiskGiB: sizes?.maxDiskGiB,
    defaultGpus: sizes?.gpus,
    maxGpus: sizes?.maxGpus,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Partial<ImageSizes>
}
