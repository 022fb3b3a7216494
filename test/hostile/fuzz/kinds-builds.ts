import { parse } from 'yaml'
import type { Random } from '../random.ts'
import { damaged, foreign } from './bytes.ts'
import type { Kind } from './kind.ts'
import { build } from './kinds-bundles.ts'
import type { Good } from './place.ts'
import { type Files, filesOf, oddContent, oddHeaders, putContent, tarOf } from './tar.ts'
import { oddYaml } from './text.ts'

const file = (files: Good['files'], name: string): Buffer => files.get(name) as Buffer

/** A YAML file of the good ones, made wrong. */
function yaml(random: Random, files: Good['files'], name: string): Buffer {
  const text = file(files, name).toString()
  return oddYaml(random, text, parse(text))
}

/** A file of one of those formats that have their own inside. */
const oddFile = (random: Random, good: Buffer, others: readonly Buffer[]): Buffer =>
  random.below(4) === 0 ? foreign(random) : damaged(random, good, others)

export const ofBuilds: Readonly<Record<string, Kind>> = {
  'release.yaml': {
    share: 600,
    make: (random, { files }) => ({
      files: { 'release.yaml': yaml(random, files, 'release.yaml') },
      words: random.of([build, [...build, '--json'], ['allowlist', 'generate', '@/release.yaml', '--format', 'json']]),
    }),
  },
  'a chart': {
    share: 300,
    make(random, { files }) {
      const name = random.of(['chart/Chart.yaml', 'chart/Chart.yaml', 'chart/values.yaml', 'rendered.yaml'])
      const bytes = random.below(8) === 0 ? foreign(random) : yaml(random, files, name)
      const words = name === 'chart/values.yaml' ? ['allowlist', 'generate', '@/release.yaml'] : build
      return { files: { [name]: bytes }, words }
    },
  },
  'a docker archive': {
    share: 350,
    make(random, { files }) {
      const good = file(files, 'saved.tar')
      const content = () => {
        const inside: Files = filesOf(good)
        const name = random.of([...inside.keys()])
        return tarOf(inside.set(name, oddContent(random, inside.get(name) as Buffer)))
      }
      const bytes = random.of([
        () => oddHeaders(random, good),
        content,
        () => oddFile(random, good, [file(files, 'cde.bundle')]),
      ])()
      return { files: { 'saved.tar': bytes }, words: build }
    },
  },
  'an OCI layout': {
    share: 200,
    make(random, { files }) {
      const good: Files = new Map(
        [...files].filter(([path]) => path.startsWith('layout/')).map(([path, bytes]) => [path.slice(7), bytes]),
      )
      const name = random.of([...good.keys()])
      const inside: Files = new Map(good)
      const content = random.below(8) === 0 ? foreign(random) : oddContent(random, inside.get(name) as Buffer)
      if (random.below(4) === 0) inside.set(name, content)
      else putContent(inside, name, content, (digest) => `blobs/sha256/${digest.slice(7)}`)
      return { files: Object.fromEntries([...inside].map(([path, bytes]) => [`layout/${path}`, bytes])), words: build }
    },
  },
  'an extension': {
    share: 150,
    make: (random, { files }) => ({
      files: { 'hello.vsix': oddFile(random, file(files, 'hello.vsix'), [file(files, 'cde.bundle')]) },
      words: build,
    }),
  },
}
