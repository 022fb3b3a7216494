import { bytes, duration } from '../amounts.ts'
import type { Amount, Plan } from '../seed/plan.ts'
import { describeReadBack } from '../seed/read-back.ts'
import type { SeedResult } from '../seed/seed.ts'
import type { RegistryStore } from '../stores/registry/store.ts'

const amount = ({ parts, bytes: size }: Amount): string => (parts === 0 ? '-' : `${bytes(size)} (${parts})`)

/** The plan of a seed as a table: one line a repository, then the names that change. */
export function describePlan(registry: string, { repositories, names, send, mount, present }: Plan): string {
  const rows = [
    ['repository', 'to send', 'to mount', 'there'],
    ...repositories.map((at) => [at.repository, amount(at.send), amount(at.mount), amount(at.present)]),
    ['together', amount(send), amount(mount), amount(present)],
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const table = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const fresh = names.filter(({ now }) => now === undefined).length
  const other = names.filter(({ now, digest }) => now !== undefined && now !== digest)
  return [
    ...table,
    `${registry}: ${fresh} names are new, ${names.length - fresh - other.length} are right, ${other.length} stand for other content`,
    ...other.map(({ reference, now, digest }) => `  ${reference} stands for ${now}, the bundle has ${digest}`),
    'Nothing was sent.',
  ].join('\n')
}

/** What a seed did: `resumed` bytes are of an earlier run, `release` is its name and version. */
export function describeSeed(
  registry: string,
  release: string,
  result: SeedResult,
  { resumed, ms }: { resumed: number; ms: number },
): string {
  const { sent, mounted, present } = result.outcomes
  const { sampled } = result.readBack
  const kept = resumed > 0 ? `, ${bytes(resumed)} of an earlier run used` : ''
  const parts = `(${sent} parts), ${mounted} mounted, ${present} there already`
  const refused = result.originals.filter(({ accepted }) => !accepted).length
  return [
    `${registry} holds ${release}: ${result.references.length} names read back and proven`,
    `${describeReadBack(result.readBack)}${sampled.parts > 0 ? '; --prove hashes those too' : ''}`,
    `${bytes(result.sent)} sent ${parts}${kept}, in ${duration(ms)}`,
    result.release ? `The release is ${result.release.reference}@${result.release.digest}` : '',
    result.capabilities ? describeCapabilities(result.capabilities) : '',
    refused > 0
      ? `${refused} indexes of the vendor are not there: the registry takes none of which it lacks platforms. All that is deployed is there.`
      : '',
  ]
    .filter(Boolean)
    .join('\n')
}

/** What a registry can do, in a line. What has not shown itself is left out. */
export function describeCapabilities(can: Awaited<ReturnType<RegistryStore['probe']>>): string {
  const limit = can.smallestRefused === undefined ? '' : `, requests below ${bytes(can.smallestRefused)}`
  const words = [
    can.login === 'none' ? 'no login' : `${can.login} login`,
    can.chunks === false ? `whole blobs only${limit}` : can.chunks ? `chunks${limit}` : '',
    can.mounts === undefined ? '' : can.mounts ? 'mounts' : 'no mounts',
    can.keepsUploads === undefined ? '' : can.keepsUploads ? 'keeps cut uploads' : 'drops cut uploads',
    can.referrers === undefined ? '' : can.referrers === 'api' ? 'referrers API' : 'referrers by tag',
    can.cancels === false ? 'keeps dropped uploads until they expire (one of a few bytes was left)' : '',
  ]
  return `The registry: ${words.filter(Boolean).join('; ')}`
}
