import { parse } from 'yaml'
import type { Random } from '../random.ts'
import { damaged, foreign } from './bytes.ts'
import type { Kind } from './kind.ts'
import { build } from './kinds-bundles.ts'
import type { Case, Good } from './place.ts'
import { filesOf, oddContent, oddHeaders, putContent, tarOf } from './tar.ts'
import { oddJson, oddYaml } from './text.ts'

const file = (files: Good['files'], name: string): Buffer => files.get(name) as Buffer
const text = (files: Good['files'], name: string): string => file(files, name).toString()
const bundle = ['@/cde.bundle', '--trust', '@/vendor.pub']

/** Commands that read answers, and go nowhere for more than a moment. */
const readers = (random: Random): string[] =>
  random.of([
    ['answers', 'check', '@/answers.yaml'],
    ['answers', 'check', '@/answers.yaml'],
    ['answers', 'check', '@/answers.yaml', '--json'],
    ['allowlist', 'generate', ...bundle, '--answers', '@/answers.yaml'],
    ['allowlist', 'generate', '--answers', '@/answers.yaml', '--format', 'squid'],
    ['preflight', '--host-script', '--answers', '@/answers.yaml'],
  ])

/** Base64 that says another thing between the lines of a PEM, or in a part of a license. */
function oddBase64(random: Random, good: string): Buffer {
  const words = good.match(/[A-Za-z0-9+/_=-]{20,}/g) ?? []
  const word = random.of(words)
  const encoding = word.includes('-') || word.includes('_') ? 'base64url' : 'base64'
  return Buffer.from(good.replace(word, damaged(random, Buffer.from(word, encoding)).toString(encoding)))
}

/** A license: its bytes, the parts between its points, or what stands in them. */
function oddLicense(random: Random, good: string): Buffer {
  const parts = good.trim().split('.')
  const part = random.below(2)
  return random.of([
    () => foreign(random),
    () => damaged(random, Buffer.from(good)),
    () => oddBase64(random, good),
    () => {
      const claims = JSON.parse(Buffer.from(parts[part] as string, 'base64url').toString())
      return Buffer.from(parts.with(part, oddJson(random, claims).toString('base64url')).join('.'))
    },
    () => Buffer.from(random.several(0, 5, () => random.of(parts)).join('.')),
  ])()
}

/** Keys, and commands that read each. */
const keys: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'vendor.pub': [
    ['bundle', 'verify', ...bundle],
    ['answers', 'check', '@/answers.yaml'],
  ],
  'vendor.key': [
    build,
    ['bundle', 'split', ...bundle, '--key', '@/vendor.key', '--part-size', '8KiB', '--out', '@/new'],
  ],
  'licenses.pub': [build, ['license', 'inspect', '@/my.license', '--key', '@/licenses.pub']],
  'licenses.key': [
    ['license', 'issue', '--key', '@/licenses.key', '--customer', 'x', '--seats', '1', '--out', '@/out'],
  ],
}

function key(random: Random, files: Good['files']): Case {
  const name = random.of(Object.keys(keys))
  const other = random.of([...Object.keys(keys), 'my.license', 'cde.bundle'])
  // under a passphrase: a tenth of a second for each that is read
  const good = name === 'vendor.key' && random.below(4) === 0 ? text(files, 'sealed.key') : text(files, name)
  const bytes = random.of([
    () => foreign(random),
    () => damaged(random, Buffer.from(good), [file(files, other)]),
    () => oddBase64(random, good),
    () => file(files, other),
    () => Buffer.from(`${good}${text(files, other)}`),
  ])()
  return { files: { [name]: bytes }, words: random.of(keys[name] ?? []) }
}

function backup(random: Random, files: Good['files']): Case {
  // scrypt takes a second for each: a passphrase is tried rarely
  const sealed = random.below(30) === 0
  const name = `backups/${sealed ? 'sealed' : 'plain'}.backup`
  const good = file(files, name)
  const inside = () => {
    const contents = filesOf(good)
    const one = random.of([...contents.keys()])
    putContent(
      contents,
      one,
      oddContent(random, contents.get(one) as Buffer),
      (digest) => `blobs/sha256/${digest.slice(7)}`,
    )
    // its index is the last file
    const last = contents.get('index.json') as Buffer
    contents.delete('index.json')
    return tarOf(contents.set('index.json', last), good)
  }
  const bytes = random.of([
    () => foreign(random),
    () => oddHeaders(random, good),
    () => damaged(random, good),
    inside,
    inside,
  ])()
  const verify = ['backup', 'verify', `@/${name}`, ...(sealed ? ['--passphrase-file', '@/passphrase'] : [])]
  return {
    files: { [name]: bytes },
    words: random.of([verify, verify, ['backup', 'list', '--directory', '@/backups']]),
  }
}

export const ofDocuments: Readonly<Record<string, Kind>> = {
  'a license': {
    share: 900,
    make: (random, { files }) => ({
      files: { 'my.license': oddLicense(random, text(files, 'my.license')) },
      words: random.of([
        ['license', 'inspect', '@/my.license', '--key', '@/licenses.pub'],
        ['license', 'inspect', '@/my.license', '--key', '@/licenses.pub', '--json'],
        ['seed', ...bundle, '--dry-run', '--to', '127.0.0.1:1', '--license', '@/my.license'],
        ['answers', 'check', '@/answers.yaml'],
        build,
      ]),
    }),
  },
  'a key': { share: 700, make: (random, { files }) => key(random, files) },
  answers: {
    share: 900,
    make: (random, { files }) => ({
      files: { 'answers.yaml': oddYaml(random, text(files, 'answers.yaml'), parse(text(files, 'answers.yaml'))) },
      words: readers(random),
    }),
  },
  'a certificate': {
    share: 500,
    make(random, { files }) {
      const name = random.of(['tls.crt', 'tls.key', 'ca.crt'])
      const good = text(files, name)
      const bytes = random.of([
        () => foreign(random),
        () => damaged(random, Buffer.from(good), [file(files, 'vendor.key'), file(files, 'ca.crt')]),
        () => oddBase64(random, good),
        () => oddBase64(random, good),
      ])()
      const serve = ['serve', ...bundle, '--license', '@/my.license', '--listen', '127.0.0.1:1', '--state', '@/state']
      const verify = ['bundle', 'verify', 'oci://127.0.0.1:1/cde/release:0.1.0', '--trust', '@/vendor.pub']
      const words = random.of([
        ['answers', 'check', '@/answers.yaml'],
        [...serve, '--name', 'cde.example', '--tls-cert', '@/tls.crt', '--tls-key', '@/tls.key'],
        [...verify, '--registry-ca', `@/${name}`],
      ])
      return { files: { [name]: bytes }, words }
    },
  },
  'a kubeconfig': {
    share: 300,
    make: (random, { files }) => ({
      files: { kubeconfig: oddYaml(random, text(files, 'kubeconfig'), parse(text(files, 'kubeconfig'))) },
      // a cluster that does not answer is asked again for two seconds
      words:
        random.below(20) > 0
          ? ['answers', 'check', '@/answers.yaml']
          : [random.of(['status', 'history']), '--kubeconfig', '@/kubeconfig'],
    }),
  },
  'an allowlist': {
    share: 900,
    make: (random, { files }) => ({
      files: {
        'new.json': random.below(8) === 0 ? foreign(random) : oddJson(random, JSON.parse(text(files, 'list.json'))),
      },
      words: random.of([
        ['allowlist', 'generate', '@/new.json'],
        ['allowlist', 'generate', '@/new.json', '--format', random.of(['squid', 'nginx', 'markdown', 'csv', 'json'])],
        ['allowlist', 'diff', '@/list.json', '@/new.json'],
        ['allowlist', 'explain', 'git.example', '@/new.json'],
        ['allowlist', 'check', '@/new.json'],
        ['allowlist', 'generate', ...bundle, '--since', '@/new.json'],
      ]),
    }),
  },
  'how registries are reached': {
    share: 500,
    make(random, { files }) {
      const verify = ['bundle', 'verify', 'oci://127.0.0.1:1/cde/release:0.1.0', '--trust', '@/vendor.pub']
      const registries = () => oddYaml(random, text(files, 'registries.yaml'), parse(text(files, 'registries.yaml')))
      if (random.below(2) === 0)
        return { files: { 'registries.yaml': registries() }, words: [...verify, '--registries', '@/registries.yaml'] }
      const config = random.of([
        () => foreign(random),
        () => oddJson(random, JSON.parse(text(files, 'docker/config.json'))),
      ])()
      return { files: { 'docker/config.json': config }, words: verify }
    },
  },
  'a backup': { share: 700, make: (random, { files }) => backup(random, files) },
}
