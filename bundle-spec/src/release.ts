import Type from 'typebox'
import { SealedAllowlist } from './allowlist.ts'
import { ReleaseExtension } from './extension.ts'
import { Name, Sentence, Version } from './texts.ts'

const digestPattern = '^sha256:[0-9a-f]{64}$'
const Digest = Type.String({ pattern: digestPattern })

export const Platform = Type.String({ pattern: '^[a-z0-9]+/[a-z0-9]+(/[a-z0-9]+)?$' })

/** One image of a release. `role` says what runs it: the chart (`component`), the manager (`workspace`). */
export const ReleaseImage = Type.Object(
  {
    name: Name,
    reference: Type.String({ maxLength: 1024, description: 'host/repository:tag as the vendor names it' }),
    digest: Digest,
    original: Type.Optional(
      Type.String({
        pattern: digestPattern,
        description: 'of the index that the vendor published, where `digest` is of one with fewer platforms',
      }),
    ),
    role: Type.Union([Type.Literal('component'), Type.Literal('workspace')]),
    why: Type.Optional(Type.String({ description: 'what starts it, where the chart does not' })),
  },
  { additionalProperties: false },
)

export const ReleaseFile = Type.Object(
  {
    name: Name,
    digest: Type.String({ pattern: digestPattern, description: 'of the artifact manifest that holds the file' }),
    platform: Type.Optional(Platform),
    executable: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)

/** The release manifest: the document in the bundle that says what the bundle delivers. SPEC.md, "Release manifest". */
export const Release = Type.Object(
  {
    apiVersion: Type.Literal('sealift.dev/v1'),
    kind: Type.Literal('Release'),
    name: Name,
    version: Version,
    created: Type.String({ format: 'date-time', description: 'RFC 3339, from release.yaml: builds are reproducible' }),
    platforms: Type.Array(Platform, { minItems: 1 }),
    minimumKubernetes: Type.String({ pattern: '^1\\.[0-9]+$' }),
    upgradesFrom: Type.Optional(Type.String({ description: 'semver range of versions that this one upgrades' })),
    /** why no older release can run where this one has run */
    noWayBack: Type.Optional(Sentence),
    chart: Type.Object({ name: Name, reference: Type.String(), digest: Digest }, { additionalProperties: false }),
    images: Type.Array(ReleaseImage),
    files: Type.Array(ReleaseFile),
    allowlist: Type.Optional(SealedAllowlist),
    extensions: Type.Optional(Type.Array(ReleaseExtension)),
    licenseKeys: Type.Array(Type.String({ description: 'Ed25519 public key, PEM (SPKI): who may sign licenses' }), {
      minItems: 1,
    }),
    coverage: Type.Object(
      {
        valuesSets: Type.Array(Type.String()),
        rendered: Type.Array(Type.Object({ reference: Type.String(), from: Type.String() })),
        unused: Type.Optional(
          Type.Array(Type.String({ description: 'names of pinned images that nothing uses, as far as can be seen' })),
        ),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)

export type ReleaseImage = Type.Static<typeof ReleaseImage>
export type ReleaseFile = Type.Static<typeof ReleaseFile>
export type Release = Type.Static<typeof Release>
