import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../lab/command.ts'
import { helmBinary } from '../lab/tools.ts'
import { programOf } from './contestant.ts'
import type { CorpusImage } from './corpus.ts'

/** The host in the names of the corpus; it exists nowhere, `--mirror` says where its content is. */
export const vendorHost = 'registry.bench.example'

/** What a vendor has to seal a release, as files. */
export interface ReleaseFiles {
  release: string
  helm: string
  signingKey: string
  trust: string
  licenseKey: string
  license: string
}

/** A release of the corpus's images: a chart whose one pod names them all, keys and a license. */
export async function makeRelease(
  directory: string,
  images: readonly CorpusImage[],
  cli: string,
): Promise<ReleaseFiles> {
  const at = (name: string) => join(directory, name)
  const reference = ({ repository, tag }: CorpusImage) => `${vendorHost}/${repository}:${tag}`
  await mkdir(at('chart/templates'), { recursive: true })
  await writeFile(at('chart/Chart.yaml'), 'apiVersion: v2\nname: bench\nversion: 1.0.0\n')
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'bench' },
    spec: { containers: images.map((image) => ({ name: image.name, image: reference(image) })) },
  }
  // JSON is YAML, and nothing in it is a template
  await writeFile(at('chart/templates/pod.yaml'), JSON.stringify(pod))
  const release = {
    apiVersion: 'sealift.dev/v1',
    kind: 'ReleaseSource',
    name: 'bench',
    version: '1.0.0',
    created: '2026-01-01T00:00:00Z',
    platforms: ['linux/amd64'],
    minimumKubernetes: '1.30',
    chart: { path: 'chart', reference: `${vendorHost}/bench-charts/bench` },
    images: images.map((image) => ({ name: image.name, reference: reference(image), role: 'component' })),
    files: [{ name: 'helm', platform: 'linux/amd64', executable: true }],
    valuesSets: [{ name: 'default', values: {} }],
  }
  await writeFile(at('release.yaml'), JSON.stringify(release))
  // the real helm renders, but only this script is carried: the peers carry no helm either
  await writeFile(at('helm'), `#!/bin/sh\nexec ${await helmBinary()} "$@"\n`)
  await chmod(at('helm'), 0o755)
  const [program, ...script] = programOf(cli) as [string, ...string[]]
  const sealift = (...args: string[]) => run(program, [...script, ...args])
  await sealift('keys', 'generate', `--out=${at('vendor')}`)
  await sealift('keys', 'generate', '--type=license', `--out=${at('licenses')}`)
  const license = [
    `--key=${at('licenses.key')}`,
    '--customer=Bench',
    '--tier=enterprise',
    `--out=${at('paid.license')}`,
  ]
  await sealift('license', 'issue', ...license)
  return {
    release: at('release.yaml'),
    helm: at('helm'),
    signingKey: at('vendor.key'),
    trust: at('vendor.pub'),
    licenseKey: at('licenses.pub'),
    license: at('paid.license'),
  }
}
