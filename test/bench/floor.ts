import { hexOf } from '@sealift/bundle-spec/descriptor.ts'
import { type Contestant, words } from './contestant.ts'
import type { Corpus } from './corpus.ts'

const curl = 'curl -sSf --cacert "$SSL_CERT_FILE"'

/** What the wire and the registry allow: each blob once, by 4 curls at once, nothing checked and no manifests. */
export const downloadFloor = (corpus: Corpus): Contestant => ({
  name: '4 curls',
  version: 'floor',
  build: (host) => `printf '%s\\n' ${words(...blobUrls(corpus, host))} |
xargs -P 4 -I URL bash -c '${curl} -o "$OUT/\${1##*:}" "$1"' - URL`,
  note: 'floor: each blob once, nothing is hashed or synced',
})

/** The same, and synced to disk, as a bundle is before it gets its name. */
export const syncedFloor = (corpus: Corpus): Contestant => ({
  ...downloadFloor(corpus),
  name: '4 curls + sync',
  build: (host) => `${downloadFloor(corpus).build(host)}\nsync "$OUT"/*`,
  note: 'floor: each blob once, nothing is hashed; synced to disk as a bundle is',
})

export const blobUrls = (corpus: Corpus, host: string): string[] =>
  corpus.blobs.map(({ digest, repository }) => `https://${host}/v2/${repository}/blobs/${digest}`)

/** Where distribution keeps a blob below its storage. */
export const storedBlob = (registryDirectory: string) => (digest: string) => {
  const hex = hexOf(digest)
  return `${registryDirectory}/storage/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`
}
