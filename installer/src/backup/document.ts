import Type, { type Static } from 'typebox'
import Value from 'typebox/value'
import { damagedBackup } from './fault.ts'

const hex = Type.String({ pattern: '^[0-9a-f]{64}$' })
const digest = Type.String({ pattern: '^sha256:[0-9a-f]{64}$' })
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const name = Type.String({ minLength: 1, maxLength: 253 })
/** most tables, migrations and claims that one may have */
const most = 20_000

const document = Type.Object({
  apiVersion: Type.Literal('sealift.dev/v1'),
  kind: Type.Literal('Backup'),
  /** RFC 3339, when its snapshot was taken */
  created: Type.String({ format: 'date-time', maxLength: 40 }),
  /** version of Sealift that made it */
  tool: name,
  site: Type.Object({
    /** of the SSH host key, by which people know the site too */
    identity: Type.Optional(hex),
    /** uid of namespace kube-system, by which clusters are told apart */
    cluster: Type.Optional(name),
    server: Type.String({ maxLength: 2048 }),
    namespace: name,
    host: Type.Optional(name),
  }),
  release: Type.Object({ name, version: name, digest }),
  /** SHA-256 of the receipt of the installation, which is in the backup */
  receipt: digest,
  postgres: Type.Object({ major: Type.Integer({ minimum: 9, maximum: 999 }), own: Type.Boolean() }),
  migrations: Type.Array(Type.Object({ name, hash: Type.String({ maxLength: 128 }) }), { maxItems: most }),
  tables: Type.Array(
    Type.Object({
      name,
      rows: count,
      /** of MD5 of each row's text, whatever their order: two sums of 64-bit numbers */
      sum: Type.String({ pattern: '^-?[0-9]+:-?[0-9]+$', maxLength: 128 }),
    }),
    { maxItems: most },
  ),
  /** bytes that the tables had on disk, without indexes */
  data: count,
  /** home directories, which are volumes and not in the backup */
  claims: Type.Array(
    Type.Object({
      name,
      labels: Type.Record(Type.String({ maxLength: 400 }), Type.String({ maxLength: 63 })),
      storage: Type.String({ maxLength: 64 }),
      storageClass: Type.Optional(Type.String({ maxLength: 253 })),
      accessModes: Type.Array(Type.String({ maxLength: 32 }), { maxItems: 8 }),
      volume: Type.Optional(name),
    }),
    { maxItems: most },
  ),
  encryption: Type.Union([Type.Literal('none'), Type.Literal('recipients'), Type.Literal('passphrase')]),
})

/** What a backup says of itself: the file `backup.json` in it. It holds no secret, and is never encrypted. */
export type BackupDocument = Static<typeof document>
export type HomeClaim = BackupDocument['claims'][number]

/** @throws SealiftError BACKUP_DAMAGED */
export function checkDocument(value: unknown, path: string): BackupDocument {
  if (Value.Check(document, value)) return value
  const [first] = Value.Errors(document, value)
  throw damagedBackup(path, `its backup.json is not one of ours: ${first?.instancePath || '/'} ${first?.message ?? ''}`)
}
