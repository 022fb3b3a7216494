import { limits } from '@sealift/bundle-spec/limits.ts'
import { stringify } from 'yaml'
import type { Random } from '../random.ts'
import { damaged } from './bytes.ts'

// biome-ignore lint/suspicious/noExplicitAny: a document that is made wrong on purpose
type Loose = any

const digest = `sha256:${'0'.repeat(64)}`
const strings: readonly string[] = [
  '',
  ' ',
  '\0',
  '\n',
  '\x1b[31mred',
  '\u202egnp.exe',
  '\ud800',
  '💥'.repeat(200),
  'x'.repeat(300),
  'x'.repeat(20_000),
  '../../../etc/passwd',
  '/dev/zero',
  '/dev/stdin',
  '/',
  '.',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'true',
  '1e999',
  '0x10',
  digest,
  `${digest}0`,
  'sha512:00',
  'http://[::',
  'http://user:secret@127.0.0.1:1/%zz',
  'oci://',
  'oci-layout::',
  'docker-archive:.:x',
  '127.0.0.1:99999',
  '*.*',
  'xn--',
  '%00',
  '$(id)',
  '{{ .Values.x }}',
  '2026-99-99T99:99:99Z',
  '1.2.3-..',
  '(a+)+$',
  'linux/',
  'application/vnd.oci.image.index.v1+json',
]
const numbers: readonly number[] = [
  0,
  -0,
  -1,
  1,
  1.5,
  255,
  65_536,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 63,
  1e21,
  1e308,
  -1e308,
]

const nested = (levels: number): Loose => {
  let value: Loose = []
  for (let left = levels; left > 0; left--) value = left % 2 === 0 ? [value] : { x: value }
  return value
}

/** Any value that a document can have, most of them odd. */
export function oddValue(random: Random): Loose {
  return random.of([
    () => random.of(strings),
    () => random.of(strings),
    () => random.of(numbers),
    () => random.of([null, true, false]),
    () => random.of([[], {}, [null], [[]], { x: {} }]),
    () => nested(random.of([3, 62, 70, 400])),
    () => Array.from({ length: random.of([2, 300, 3000]) }, () => random.of([null, 0, '', {}])),
    () => random.bytes(random.below(30)).toString('latin1'),
  ])()
}

/** Every place of a document: who holds it and under which key. */
function placesOf(document: Loose): { holder: Loose; key: string | number }[] {
  const found: { holder: Loose; key: string | number }[] = []
  const walk = (holder: Loose) => {
    if (typeof holder !== 'object' || holder === null) return
    for (const key of Array.isArray(holder) ? holder.keys() : Object.keys(holder)) {
      found.push({ holder, key })
      walk(holder[key])
    }
  }
  walk(document)
  return found
}

/** A copy of a document with one to three values or keys changed. */
export function altered(random: Random, document: Loose): Loose {
  const root = { root: structuredClone(document) }
  for (let left = 1 + random.below(3); left > 0; left--) {
    const places = placesOf(root)
    const { holder, key } = random.of(places)
    const old = holder[key]
    random.of([
      () => {
        holder[key] = oddValue(random)
      },
      () => {
        holder[key] = oddValue(random)
      },
      () => {
        if (typeof old === 'number')
          holder[key] = random.of([old + 1, old - 1, -old, old * 1e6, old + 0.5, String(old)])
        else if (typeof old === 'string')
          holder[key] = damaged(random, Buffer.from(old)).toString(random.of(['utf8', 'latin1']))
        else holder[key] = [old]
      },
      () => {
        if (key === 'root') return
        if (Array.isArray(holder)) holder.splice(Number(key), 1)
        else delete holder[key]
      },
      () => {
        if (Array.isArray(holder))
          holder.push(...Array.from({ length: random.of([1, 2, 500]) }, () => structuredClone(old)))
        else holder[random.of(strings)] = old
      },
      () => {
        const other = random.of(places)
        holder[key] = structuredClone(other.holder[other.key])
      },
    ])()
  }
  return root.root
}

const encodings: readonly ((text: string) => Buffer)[] = [
  (text) => Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from(text, 'utf16le')]),
  (text) => Buffer.from(text, 'utf16le').swap16(),
  (text) => Buffer.from(`\ufeff${text}`),
  (text) => Buffer.from(`${text}\0`),
  (text) => Buffer.from(text.replaceAll('\n', '\r\n')),
  (text) => Buffer.from(text.replaceAll('\n', '\r')),
  (text) => Buffer.concat([Buffer.from(text), Buffer.of(0xff, 0xc0, 0x80)]),
]

/** Things that stand in the text of JSON and of no value: keys twice, numbers that no number holds, endings that are missing. */
const jsonTexts: readonly ((text: string, random: Random) => string)[] = [
  (text) => text.replace('{', '{"__proto__":{"x":1},'),
  (text) => text.replace('{', '{"kind":1,"kind":2,'),
  (text, random) => text.replace(/\d+/, random.of(['-0', '1e999', '9'.repeat(400), '0x1', '01', 'NaN', '1.'])),
  (text, random) => `${text}${random.of(['{}', ',', '\0', '//', '\n\n\n'])}`,
  (text) => `${'['.repeat(5000)}${text}`,
  (text) => text.replace('"', "'"),
  (text) => text.replaceAll('":', '":/* */'),
]

/** Things that YAML has and JSON has not. */
const yamlTexts: readonly ((text: string, random: Random) => string)[] = [
  (text) => `x: &x [1]\ny: *x\n${text}`,
  (text) => `a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c,*c]\n${text}`,
  (text) => text.replace(/: /, ': &again '),
  (text) => text.replace(/: .*/, ': *nowhere'),
  (text) => `<<: {kind: x}\n${text}`,
  (text) => `? {a: b}\n: c\n${text}`,
  (text) => `? [a, b]\n: c\n${text}`,
  (text) => `${text}\n---\n${text}`,
  (text) => `%YAML 9.9\n---\n${text}`,
  (text, random) =>
    text.replace(/: /, `: !!${random.of(['binary', 'set', 'timestamp', 'js/function', 'float', 'null'])} `),
  (text) => `${text}\n${text}`,
  (text) => text.replaceAll('  ', '\t'),
  (text) => `${text}\nx: |\n`,
  (text) => `${text}\nx: "\\x`,
  (text) => `null: 1\n~: 2\n1: 3\n${text}`,
  () => `${'- '.repeat(3000)}\n`,
  () => '{a: '.repeat(500),
  (text, random) => `${text}\nx: ${random.of(['0o17', '.inf', '-.inf', '.nan', '1_000', '12e03'])}`,
]

/** As large as it may be, and of nothing but small values. */
const long = (random: Random, bytes: number): string => {
  const value = random.of(['0,', '{},', '[],', '"a",', 'null,'])
  return `[${value.repeat(Math.floor((bytes * random.of([0.05, 0.3, 0.9])) / value.length))}0]`
}

/** A document in JSON, with something wrong in its values, its text or its bytes. */
export function oddJson(random: Random, document: Loose): Buffer {
  const text = JSON.stringify(random.below(4) === 0 ? document : altered(random, document)) ?? ''
  if (random.below(80) === 0) return Buffer.from(text.replace('{', `{"more":${long(random, limits.document)},`))
  return inBytes(random, random.below(4) === 0 ? random.of(jsonTexts)(text, random) : text)
}

/** The same in YAML; `good` is the text as people write it. */
export function oddYaml(random: Random, good: string, document: Loose): Buffer {
  const text = random.of([
    () => good,
    () => stringify(altered(random, document)),
    () => stringify(altered(random, document)),
    () => JSON.stringify(altered(random, document)) ?? '',
  ])()
  if (random.below(80) === 0) return Buffer.from(`more: ${long(random, limits.configuration)}\n${good}`)
  return inBytes(random, random.below(3) === 0 ? random.of(yamlTexts)(text, random) : text)
}

function inBytes(random: Random, text: string): Buffer {
  const chance = random.below(12)
  if (chance === 0) return random.of(encodings)(text)
  return chance < 3 ? damaged(random, Buffer.from(text)) : Buffer.from(text)
}
