import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, parseAllDocuments } from 'yaml'
import { run } from '../../lab/command.ts'
import { helmBinary } from '../../lab/tools.ts'

export const chartDirectory = fileURLToPath(new URL('../../../manifests/chart', import.meta.url))
export const releaseFile = fileURLToPath(new URL('../../../manifests/release.yaml', import.meta.url))

// biome-ignore lint/suspicious/noExplicitAny: rendered objects of any kind
export type Rendered = any

/** Values of a site with dev URLs. */
export const devUrls = {
  ingress: { host: 'cde.example', tls: { enabled: true, hostSecretName: 'cde-tls' } },
  devurls: { host: 'dev.example' },
}

/** Values that a site with an ingress of its own has to set. */
export const ownIngress = {
  ingress: { controller: { enabled: false }, className: 'other' },
  networkPolicies: { ingressFrom: [{ podSelector: { matchLabels: { app: 'other' } } }] },
}

/** Runs helm with a values file; `verb` is what stands before the chart, `flags` what stands last. */
export async function helm(verb: readonly string[], values: object, flags: readonly string[] = []): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'chart-'))
  try {
    const file = join(directory, 'values.json')
    await writeFile(file, JSON.stringify(values))
    return await run(await helmBinary(), [...verb, chartDirectory, '--namespace', 'cde', '--values', file, ...flags])
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The text of the chart as release `cde` in namespace `cde`, unless flags name another. */
export const template = (values: object, flags: readonly string[] = []): Promise<string> =>
  helm(['template', 'cde'], values, flags)

/** The objects of the chart as release `cde` in namespace `cde`. */
export async function objects(values: object, flags: readonly string[] = []): Promise<Rendered[]> {
  return parseAllDocuments(await template(values, flags))
    .map((document) => document.toJS())
    .filter((object) => object !== null)
}

/** The pod template of a Deployment or StatefulSet. */
export const podsOf = (all: readonly Rendered[]): Rendered[] => all.filter((object) => object.spec?.template?.spec)

export const named = (all: readonly Rendered[], kind: string, name: string): Rendered =>
  all.find((object) => object.kind === kind && object.metadata.name === name)

/** The values sets of release.yaml, by name. */
export async function valuesSets(): Promise<{ name: string; values: Record<string, unknown> }[]> {
  return parse(await readFile(releaseFile, 'utf8')).valuesSets
}
