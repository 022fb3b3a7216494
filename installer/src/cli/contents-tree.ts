import { bytes } from '../amounts.ts'
import type { ArtifactContents, Contents, Layer, Manifest } from '../stores/bundle/contents.ts'
import { safe } from './format.ts'

/** A line of a tree and the lines below it. */
interface Branch {
  text: string
  below?: Branch[]
}

/** What a bundle holds as lines of at most 80 columns, names of the vendor aside: each of those has its own line. */
export function contentsTree({ artifacts }: Contents): string[] {
  const digests = new Set(artifacts.flatMap(({ digest, manifests }) => [digest, ...manifests.map((one) => one.digest)]))
  const isAbout = ({ subject, digest }: ArtifactContents) =>
    subject !== undefined && subject !== digest && digests.has(subject)
  const about = Map.groupBy(artifacts.filter(isAbout), ({ subject }) => subject as string)
  return artifacts
    .filter((artifact) => !isAbout(artifact))
    .flatMap((artifact) => ['', ...artifactLines(artifact, about)])
}

function artifactLines(artifact: ArtifactContents, about: ReadonlyMap<string, ArtifactContents[]>): string[] {
  const { role, name, reference, digest, size, own, manifests } = artifact
  const shared = own === size ? '' : `, ${bytes(own)} of it in nothing else`
  const [single] = manifests
  const below = [
    ...(manifests.length === 1 && single?.digest === digest
      ? single.layers.map(layerBranch)
      : manifests.map((one) => manifestBranch(one, about))),
    ...referrerBranches(about.get(digest)),
  ]
  return [
    `${safe(role)} ${safe(name)}  ${bytes(size)}${shared}`,
    `  ${safe(reference.replace(`@${digest}`, ''))}`,
    `  ${digest}`,
    ...drawn(below, '  '),
  ]
}

const layerBranch = ({ digest, size, usedBy }: Layer): Branch => ({
  text: `layer ${bytes(size).padStart(7)}  ${short(digest)}${usedBy > 1 ? `  shared by ${usedBy}` : ''}`,
})

const manifestBranch = (manifest: Manifest, about: ReadonlyMap<string, ArtifactContents[]>): Branch => ({
  text: `${safe(manifest.platform ?? 'manifest')} ${bytes(manifest.size).padStart(7)}  ${short(manifest.digest)}`,
  below: [...manifest.layers.map(layerBranch), ...referrerBranches(about.get(manifest.digest))],
})

const referrerBranches = (referrers: readonly ArtifactContents[] = []): Branch[] =>
  referrers.map(({ size, digest, artifactType, role }) => ({
    text: `about it ${bytes(size)}  ${short(digest)}  ${safe(artifactType ?? role)}`,
  }))

/** 12 digits are enough to find it; the JSON has all of them. */
const short = (digest: string): string => digest.slice(7, 19)

function drawn(branches: readonly Branch[], indent: string): string[] {
  return branches.flatMap(({ text, below = [] }, i) => {
    const last = i === branches.length - 1
    return [`${indent}${last ? '└─' : '├─'} ${text}`, ...drawn(below, `${indent}${last ? '   ' : '│  '}`)]
  })
}
