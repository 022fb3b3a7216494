import { bounds } from './bounds.ts'
import type { Missing } from './collection.ts'
import type { LocalState } from './local/state.ts'
import type { Removed } from './redact.ts'
import type { Site } from './site/collect.ts'
import type { SpoolFile } from './spool.ts'

/** What a supporter reads first, as data (`summary.json`). Clean already. */
export interface Summary {
  apiVersion: 'sealift.dev/v1'
  kind: 'Diagnosis'
  /** RFC 3339 */
  time: string
  namespace: string
  versions: { sealift: string; helm: string | undefined; kubernetes: string | undefined; host: Record<string, string> }
  release: Record<'name' | 'version' | 'installed' | 'helm', string | undefined>
  cluster: { reached: boolean; server: string | undefined; nodes: number; pods: number }
  /** what does not run, and why */
  problems: string[]
  lastError: { stage: string; code: string; at: string } | undefined
  interrupted: string[]
  /** warnings among the events, the most frequent first */
  warnings: string[]
  missing: Missing[]
  /** files that are not whole, with the bytes that are not there */
  cut: { file: string; bytes: number }[]
  removed: Removed
  files: { file: string; bytes: number }[]
}

export interface Found {
  time: Date
  namespace: string
  sealift: string
  helm: string | undefined
  host: Record<string, string>
  state: LocalState | undefined
  site: Site | undefined
  missing: readonly Missing[]
  files: readonly SpoolFile[]
  removed: Removed
  /** cleans what comes from records of this machine */
  clean(text: string): string
}

/** entries of a list that the summary shows */
const listed = 60

export function summarize(found: Found): Summary {
  const { state, site, clean } = found
  const receipt = state?.receipt
  const revision = site?.helm.findLast(({ release }) => release === 'cde')
  const text = (value: unknown) => (typeof value === 'string' ? clean(value) : undefined)
  const files = found.files.filter(({ name }) => !/^summary\./.test(name))
  return {
    apiVersion: 'sealift.dev/v1',
    kind: 'Diagnosis',
    time: found.time.toISOString(),
    namespace: found.namespace,
    versions: { sealift: found.sealift, helm: text(found.helm), kubernetes: text(site?.kubernetes), host: found.host },
    release: {
      name: text(receipt?.release?.name),
      version: text(receipt?.release?.version ?? revision?.chart),
      installed: text(receipt?.installed),
      helm: revision && clean(`revision ${revision.revision}, ${revision.status}: ${revision.description}`),
    },
    cluster: {
      reached: site !== undefined,
      server: text(site?.server),
      nodes: site?.facts.nodes.length ?? 0,
      pods: site?.facts.pods.length ?? 0,
    },
    problems: short(site?.problems ?? []),
    lastError: state?.failed && {
      stage: clean(state.failed.stage),
      code: clean(state.failed.code ?? ''),
      at: new Date(state.failed.at).toISOString(),
    },
    interrupted: (state?.interrupted ?? []).map(clean),
    warnings: short(site?.warnings ?? []),
    missing: found.missing.slice(0, 2 * bounds.summaryLines),
    cut: files.filter(({ cut }) => cut > 0).map(({ name, cut }) => ({ file: name, bytes: cut })),
    removed: found.removed,
    files: files.map(({ name, bytes }) => ({ file: name, bytes })),
  }
}

const short = (lines: readonly string[]): string[] =>
  lines.slice(0, bounds.summaryLines).map((line) => line.slice(0, bounds.summaryLine))

/** The same as a page of text. */
export function summaryText(summary: Summary): string {
  const { versions, release, cluster, lastError, removed } = summary
  const some = (title: string, lines: readonly string[], none?: string): string[] =>
    lines.length > 0
      ? [
          '',
          title,
          ...lines.slice(0, listed).map((line) => `  ${line}`),
          ...(lines.length > listed ? [`  … ${lines.length - listed} more in summary.json`] : []),
        ]
      : none === undefined
        ? []
        : ['', title, `  ${none}`]
  return `${[
    `Sealift diagnosis of namespace ${summary.namespace}, ${summary.time}`,
    ...some('Versions', [
      `sealift ${versions.sealift} on ${versions.host.system}, ${versions.host.kernel}, ${versions.host.architecture}, Node.js ${versions.host.node}`,
      `release ${release.name ?? '?'} ${release.version ?? '?'}, installed ${release.installed ?? '?'}; Helm ${versions.helm ?? '?'}: ${release.helm ?? 'no history'}`,
      cluster.reached
        ? `Kubernetes ${versions.kubernetes} at ${cluster.server}; nodes: ${cluster.nodes}, pods in the namespace: ${cluster.pods} (versions.yaml)`
        : 'the cluster was not reached: what follows is of this machine alone',
    ]),
    ...some('What does not run, and why', summary.problems, cluster.reached ? 'nothing that was found' : 'not known'),
    ...some(
      'The installation',
      [
        ...(lastError ? [`its last error: ${lastError.code} in the stage ${lastError.stage}, ${lastError.at}`] : []),
        ...summary.interrupted.map((stage) => `it ended without a word in the stage ${stage}`),
      ],
      'no error in its journal',
    ),
    ...some('Warnings among the events', summary.warnings),
    ...some('What is not here, and why', grouped(summary.missing), 'everything is here'),
    ...some(
      'What was cut, since the archive has a limit',
      summary.cut.map(({ file, bytes }) => `${file}: ${bytes} bytes`),
    ),
    ...some('What was taken out', [
      `${removed.knownSecrets} times the value of a Secret, ${removed.secrets} times what is secret by its name or shape`,
      `${removed.people} times a person (user-1, user-2, …), ${removed.clientAddresses} times a client's address (client-1, …)`,
    ]),
    ...some(
      'Files',
      summary.files.map(({ file, bytes }) => `${String(bytes).padStart(9)}  ${file}`),
    ),
  ].join('\n')}\n`
}

/** Parts that are missing for one reason, on one line. */
function grouped(missing: readonly Missing[]): string[] {
  const reasons = new Map<string, string[]>()
  for (const { part, code, why } of missing) {
    const reason = `${why} [${code}]`
    reasons.set(reason, [...(reasons.get(reason) ?? []), part])
  }
  return [...reasons].map(([reason, parts]) => {
    const more = parts.length > 8 ? ` and ${parts.length - 8} more` : ''
    return `${parts.slice(0, 8).join(', ')}${more}: ${reason}`
  })
}
