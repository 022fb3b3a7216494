import { signMessage } from '@sealift/bundle-spec/sign.ts'
import type { Random } from '../random.ts'
import { damaged, foreign } from './bytes.ts'
import type { Kind } from './kind.ts'
import type { Good } from './place.ts'
import { type Files, oddContent, oddHeaders, putContent, tarOf } from './tar.ts'
import { oddJson } from './text.ts'

const trust = ['--trust', '@/vendor.pub']
const licensed = [...trust, '--license', '@/my.license']

/** Commands that read a bundle, with how often each is taken: those that go on to a cluster take ten times as long. */
const readers = (random: Random, bundle = '@/cde.bundle'): string[] => {
  if (random.below(80) === 0)
    return random.of([
      ['install', '--headless', '--answers', '@/answers.yaml', '--state', '@/state'],
      ['preflight', '--answers', '@/answers.yaml', '--state', '@/state'],
    ])
  return random.of([
    ['bundle', 'verify', bundle, ...trust],
    ['bundle', 'verify', bundle, ...trust, '--json'],
    ['bundle', 'inspect', bundle, ...trust],
    ['bundle', 'inspect', bundle, ...trust, '--json'],
    ['bundle', 'diff', bundle, '@/good.bundle', ...trust],
    ['bundle', 'diff', '@/good.bundle', bundle, ...trust],
    ['bundle', 'extract', bundle, random.of(['tool', 'acme.hello@1.2.3']), ...trust, '--out', '@/out'],
    ['bundle', 'split', bundle, ...trust, '--key', '@/vendor.key', '--part-size', '8KiB', '--out', '@/new'],
    [...build, '--reuse', bundle, ...trust],
    ['seed', bundle, '--dry-run', '--to', '127.0.0.1:1', ...licensed],
    ['serve', bundle, '--listen', '127.0.0.1:1', '--state', '@/state', ...licensed],
    ['allowlist', 'generate', bundle, ...trust, '--answers', '@/answers.yaml'],
    ['allowlist', 'diff', '@/list.json', bundle, ...trust],
    ['answers', 'check', '@/answers.yaml'],
    ['answers', 'check', '@/answers.yaml', '--bundle'],
  ])
}
export const build = [
  ...['bundle', 'build', '@/release.yaml', '--out', '@/built', '--key', '@/vendor.key'],
  ...['--license', '@/my.license', '--license-key', '@/licenses.pub', '--file', 'helm=@/helm'],
]

const blobOf = (digest: string): string => `blobs/sha256/${digest.slice(7)}`
const index = 'index.json'
const signature = 'index.json.sigstore.json'

/** A bundle with one to three contents changed, and signed anew: only who looks behind the signature sees it. */
function resigned(random: Random, { bundle, files }: Good): Buffer {
  const contents: Files = new Map(bundle)
  for (let left = 1 + random.below(3); left > 0; left--) {
    const name = random.below(3) === 0 ? index : random.of([...contents.keys()].filter((one) => one !== signature))
    const content = oddContent(random, contents.get(name) as Buffer)
    if (random.below(10) === 0) contents.set(name, content)
    else putContent(contents, name, content, blobOf)
  }
  contents.set(signature, signed(contents.get(index) as Buffer, files))
  if (random.below(6) === 0) contents.delete(random.of([...contents.keys()]))
  const first = ['oci-layout', index, signature]
  const rest = [...contents.keys()].filter((name) => !first.includes(name)).sort()
  return tarOf(
    new Map([...first, ...rest].flatMap((name) => (contents.has(name) ? [[name, contents.get(name) as Buffer]] : []))),
  )
}

const signed = (bytes: Buffer, files: Good['files']): Buffer =>
  Buffer.from(signMessage(bytes, (files.get('vendor.key') as Buffer).toString()))

const file = (files: Good['files'], name: string): Buffer => files.get(name) as Buffer

export const ofBundles: Readonly<Record<string, Kind>> = {
  'what is no bundle': {
    share: 400,
    make(random, { files }) {
      const piece = () => {
        const good = random.of([...files.values()])
        return good.subarray(random.below(good.length))
      }
      return { files: { 'cde.bundle': random.below(3) > 0 ? foreign(random) : piece() }, words: readers(random) }
    },
  },
  'a bundle with changed bytes': {
    share: 800,
    make(random, { files }) {
      const good = file(files, 'cde.bundle')
      const others = [file(files, 'saved.tar'), file(files, 'backups/plain.backup')]
      const bytes = random.below(2) === 0 ? oddHeaders(random, good) : damaged(random, good, others)
      return { files: { 'cde.bundle': bytes }, words: readers(random) }
    },
  },
  'a bundle that is signed and wrong': {
    share: 1100,
    make: (random, good) => ({ files: { 'cde.bundle': resigned(random, good) }, words: readers(random) }),
  },
  'a bundle in parts': {
    share: 700,
    make: (random, { files }) => ({ files: oddParts(random, files), words: readers(random, '@/cut') }),
  },
}

/** Parts of which some are damaged, swapped, foreign or gone, or whose index or signature is another one. */
function oddParts(random: Random, files: Good['files']): Record<string, Buffer | undefined> {
  const names = [...files.keys()].filter((name) => /^cut\.\d+$/.test(name))
  const [one, other] = [random.of(names), random.of(names)]
  const list = 'cut.parts.json'
  const listed = file(files, list)
  const sign = `${list}.sigstore.json`
  // answers name a bundle, which is in parts here
  const answers = { 'answers.yaml': Buffer.from(file(files, 'answers.yaml').toString().replace('cde.bundle', 'cut')) }
  const change = random.of<() => Record<string, Buffer | undefined>>([
    () => ({ [one]: damaged(random, file(files, one), [file(files, other)]) }),
    () => ({ [one]: file(files, other), [other]: file(files, one) }),
    () => ({ [one]: foreign(random) }),
    () => ({ [one]: file(files, 'cde.bundle').subarray(0, file(files, one).length) }),
    () => ({ [one]: undefined }),
    () => ({ [one]: undefined, [other]: damaged(random, file(files, other)) }),
    () => ({ [list]: random.of([undefined, foreign(random), damaged(random, listed)]) }),
    () => ({ [sign]: random.of([undefined, foreign(random), damaged(random, file(files, sign))]) }),
    () => ({ [sign]: oddJson(random, JSON.parse(file(files, sign).toString())) }),
    () => {
      const wrong = oddJson(random, JSON.parse(listed.toString()))
      return { [list]: wrong, [sign]: signed(wrong, files) }
    },
  ])()
  return { ...answers, ...change }
}
