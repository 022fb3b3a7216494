import { gunzipSync } from 'node:zlib'
import { stringify } from 'yaml'
import type { Cluster } from '../../cluster/connection.ts'
import type { Collection } from '../collection.ts'
import { type ApiObject, list } from './list.ts'

/** One revision of the Helm release, as `helm history` shows it. */
export interface HelmRevision {
  release: string
  revision: number
  status: string
  updated: string
  chart: string
  description: string
}

interface SecretObject extends ApiObject {
  type?: string
  data?: Record<string, string>
}

/** bytes of a release of Helm when it is unpacked */
const releaseLimit = 64 * 1024 * 1024

/**
 * Reads the Secrets of the namespace: learns their values, so that they are found wherever they stand, and writes down
 * their names, types and keys. Those of Helm become its history, and are not written at all.
 */
export async function collectSecrets(
  cluster: Cluster,
  namespace: string,
  { spool, redactor, miss }: Collection,
): Promise<HelmRevision[]> {
  const revisions: HelmRevision[] = []
  const shown: string[] = []
  const path = `/api/v1/namespaces/${namespace}/secrets`
  for await (const secret of list(cluster, path) as AsyncGenerator<SecretObject>) {
    const values = Object.entries(secret.data ?? {})
    if (secret.type?.startsWith('helm.sh/release')) {
      const revision = readRelease(secret.data?.release, (values) => redactor.learnSecretsIn(values))
      if (revision) revisions.push(revision)
      continue
    }
    for (const [key, value] of values) learn(redactor, key, value)
    shown.push(stringify(redactor.structure({ ...secret, kind: 'Secret' }), { lineWidth: 0 }))
  }
  if (redactor.full) miss('values of secrets', new Error('there are more than can be looked for everywhere'))
  // again, now that all are known: a label may hold another's value
  await spool.add('cluster/namespace/secrets.yaml', redactor.text(shown.join('---\n')))
  revisions.sort((a, b) => (a.release === b.release ? a.revision - b.revision : a.release < b.release ? -1 : 1))
  if (revisions.length > 0) await spool.add('cluster/helm-history.yaml', redactor.text(stringify(revisions)))
  return revisions
}

function learn(redactor: Collection['redactor'], key: string, encoded: string): void {
  const bytes = Buffer.from(encoded, 'base64')
  const text = bytes.toString()
  // what is no text can only turn up encoded
  redactor.learnSecret(key, text.includes('\ufffd') ? encoded : text)
}

interface Release {
  name?: unknown
  version?: unknown
  config?: unknown
  info?: { status?: unknown; last_deployed?: unknown; description?: unknown }
  chart?: { metadata?: { name?: unknown; version?: unknown } }
}

/** A release as Helm stores it: JSON, gzip, base64, base64. Undefined where it is none. */
function readRelease(data: string | undefined, learnValues: (values: unknown) => void): HelmRevision | undefined {
  try {
    const packed = Buffer.from(Buffer.from(data ?? '', 'base64').toString(), 'base64')
    const { name, version, config, info, chart } = JSON.parse(
      gunzipSync(packed, { maxOutputLength: releaseLimit }).toString(),
    ) as Release
    learnValues(config)
    return {
      release: String(name),
      revision: Number(version),
      status: String(info?.status),
      updated: String(info?.last_deployed),
      chart: `${chart?.metadata?.name}-${chart?.metadata?.version}`,
      description: String(info?.description ?? '').slice(0, 1000),
    }
  } catch {
    return undefined
  }
}
