import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { readAnswers } from '../../installer/src/answers/read.ts'
import { defaultValues } from '../../installer/src/build/allowlist.ts'
import { packChart } from '../../installer/src/build/chart.ts'
import { readSource } from '../../installer/src/build/source.ts'
import { readRegistries } from '../../installer/src/cli/registries-file.ts'
import { parseChartYaml, parseYaml } from '../../installer/src/input/yaml.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'

const refuse = (why: string, at?: { line: number; column: number }) =>
  new Error(`${at ? `${at.line}:${at.column}: ` : ''}${why}`)
const strict = (text: string) => parseYaml(text, refuse).value
const chart = (text: string) => parseChartYaml(text, refuse).value

const laughs = (levels: number) =>
  Array.from(
    { length: levels },
    (_, i) =>
      `a${i}: &a${i} [${
        i === 0
          ? 'x'
          : Array(10)
              .fill(`*a${i - 1}`)
              .join(', ')
      }]\n`,
  ).join('')
const megabyte = limits.configuration

/** What nobody may write for Sealift: the text, and what is said of it. */
const refused: Readonly<Record<string, [text: string, said: RegExp]>> = {
  'an anchor': ['a: 1\nb: &x 2\n', /^2:7: it has an anchor, &x/],
  'an alias': ['a: &x 2\nb: *x\n', /^1:7: it has an anchor/],
  'an alias of nothing': ['b: *x\n', /^1:4: (it has an alias|it is not YAML)/],
  'a billion laughs': [laughs(12), /^1:\d+: it has an anchor/],
  'an anchor on a key': ['&x a: 1\n', /^1:\d+: it has/],
  'a merge key': ['a: {b: 1}\n<<: {c: 2}\n', /^2:1: it has a merge key/],
  'a tag of its own': ['a: !secret b\n', /^1:\d+: it has a tag, !secret/],
  'a tag of a language': ['a: !!python/object:os.system x\n', /^1:\d+: it has a tag/],
  'a binary': ['a: !!binary aGk=\n', /^1:\d+: it has a tag/],
  'a tag on a map': ['a: !x {b: 1}\n', /^1:\d+: it has a tag/],
  'a set': ['a: !!set {b, c}\n', /^1:\d+: it has a tag/],
  'a key twice': ['a: 1\nb: 2\na: 3\n', /^3:1: it has the key "a" twice/],
  'a key twice, once in quotes': ['1: a\n"1": b\n', /^2:1: it has the key "1" twice/],
  'a key twice, deep down': ['a:\n  - b: 1\n    b: 2\n', /^3:5: it has the key "b" twice/],
  'a map as a key': ['{a: 1}: b\n', /^1:1: it has a key that is no word/],
  'a list as a key': ['? [a]\n: b\n', /^1:3: it has a key that is no word/],
  'two documents': ['a: 1\n---\nb: 2\n', /more than one document/],
  tabs: ['a:\n\tb: 1\n', /^2:1: it is not YAML/],
  'a bracket left open': ['a: [1\n', /^\d:\d: it is not YAML/],
  'a quote left open': ['a: "1\n', /^\d:\d: it is not YAML/],
  'a number that is none': ['a: .nan\n', /^1:4: it has a number that is none/],
  'nesting in brackets': [`a: ${'['.repeat(80)}${']'.repeat(80)}\n`, /nested deeper/],
  'nesting beyond what a stack holds': [`${'['.repeat(90_000)}`, /nested deeper/],
  'nesting by indentation': [Array.from({ length: 80 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''), /nested deeper/],
}

for (const [what, [text, said]] of Object.entries(refused))
  test(`YAML that people write for Sealift: ${what} is refused, with its place`, () => {
    assert.throws(() => strict(text), { message: said })
  })

/** A megabyte each, over which the parser itself would take long, or much memory. */
const costly: Readonly<Record<string, string>> = {
  keys: Array.from({ length: megabyte / 8 }, (_, i) => `${i.toString(36).padStart(6, 'k')}:\n`).join(''),
  brackets: '['.repeat(megabyte),
  braces: '{a: '.repeat(megabyte / 4),
  dashes: '- '.repeat(megabyte / 2),
  'question marks': '? '.repeat(megabyte / 2),
  'closing braces': '}\n'.repeat(megabyte / 2),
  documents: '---\n'.repeat(megabyte / 4),
  elements: `[${',a'.repeat(megabyte / 2 - 1)}]`,
  tags: '- !!x a\n'.repeat(megabyte / 8),
  'wrong escapes': '- "\\q"\n'.repeat(megabyte / 8),
  'line ends': `a:\n${'\n'.repeat(megabyte - 8)} b`,
  comments: '#\n'.repeat(megabyte / 2),
}

for (const [what, text] of Object.entries(costly))
  test(`YAML: a megabyte of ${what} ends soon`, { timeout: 30_000 }, () => {
    const before = process.memoryUsage.rss()
    for (const parse of [strict, chart])
      try {
        parse(text)
      } catch (error) {
        assert.doesNotMatch((error as Error).message, /heap|stack/)
      }
    assert.ok(process.memoryUsage.rss() - before < 700 << 20)
  })

test('YAML that people write for Sealift: what is plain is taken, as JSON is', () => {
  assert.deepEqual(strict('a: 1\nb: [x, "y", null, true, 0x10]\nc: {d: "<<", "<<": e}\nf: 2026-01-01\ng: 1.10\n'), {
    a: 1,
    b: ['x', 'y', null, true, 16],
    c: { d: '<<', '<<': 'e' },
    f: '2026-01-01',
    g: 1.1,
  })
  assert.deepEqual(strict('{"a": {"b": [1, "\\u0000"]}}'), { a: { b: [1, '\0'] } })
  assert.deepEqual(strict('a: !!str 1\r\nb: 2\r\n'), { a: '1', b: 2 })
  assert.equal(strict(''), null)
  const { value } = parseYaml('__proto__: {polluted: 1}\nconstructor: 2\n', refuse)
  assert.deepEqual(Object.keys(value as object), ['__proto__', 'constructor'])
  assert.equal(({} as { polluted?: unknown }).polluted, undefined)
})

test('YAML: the place of a field, and of the nearest thing around one that is missing', () => {
  const { placeOf } = parseYaml('a:\n  - b: 1\n    c: 2\n', refuse)
  assert.deepEqual(placeOf(['a', 0, 'c']), { line: 3, column: 8 })
  assert.deepEqual(placeOf(['a', '0', 'd']), { line: 2, column: 5 })
  assert.deepEqual(placeOf(['z']), { line: 1, column: 1 })
})

test('YAML of a chart: aliases and merge keys are taken, and bounded', () => {
  assert.deepEqual(chart('a: &a {b: 1, c: 2}\nd: *a\ne:\n  <<: *a\n  c: 3\nf:\n  <<: [*a, {g: 4, b: 5}]\n'), {
    a: { b: 1, c: 2 },
    d: { b: 1, c: 2 },
    e: { b: 1, c: 3 },
    f: { b: 1, c: 2, g: 4 },
  })
  assert.throws(() => chart(laughs(12)), /more than \d+ nodes|nested/)
  assert.throws(() => chart('a: &a [*a]\n'), /nested deeper/)
  assert.throws(() => chart('a: *b\n'), /it is not YAML|anchor/)
  assert.throws(() => chart('a: {<<: 1}\n'), /does not stand for a map/)
})

/** The files of YAML that are read, with their codes; each is written by people. */
const readers: Readonly<Record<string, [code: string, read: (path: string) => unknown]>> = {
  answers: ['USAGE_ANSWERS', readAnswers],
  'release.yaml': ['BUILD_SOURCE', readSource],
  'the registries file': ['USAGE_REGISTRIES', readRegistries],
}

for (const [name, [code, read]] of Object.entries(readers))
  test(`${name}: whatever YAML is refused, file, line and column are named`, async (t) => {
    const path = join(await temporaryDirectory(t), 'file.yaml')
    for (const [what, [text]] of Object.entries(refused)) {
      await writeFile(path, text)
      const failure = await (async () => read(path))().then(
        () => undefined,
        (error: unknown) => error,
      )
      assert.ok(failure instanceof SealiftError, what)
      assert.equal(failure.code, code, what)
      assert.match(
        `${failure.message} ${failure.why ?? ''}`,
        what.includes('stack') ? /file\.yaml/ : /file\.yaml:\d+:\d+\b/,
        what,
      )
    }
  })

/** Chart.yaml as others write it. */
const charts: Readonly<Record<string, string | Uint8Array>> = {
  nothing: '',
  'a list': '- name: a\n- version: 1.0.0\n',
  'a word': 'chart\n',
  'a number': '1\n',
  'no name': 'apiVersion: v2\nversion: 1.0.0\n',
  'no version': 'apiVersion: v2\nname: a\n',
  'an empty name': 'name: ""\nversion: 1.0.0\n',
  'a name that is a number': 'name: 1\nversion: 1.0.0\n',
  'a name that is a map': 'name: {a: b}\nversion: 1.0.0\n',
  'a name that climbs': 'name: ../a\nversion: 1.0.0\n',
  'a name with a line end': 'name: "a\\nb"\nversion: 1.0.0\n',
  'a version that is a number': 'name: a\nversion: 1.0\n',
  'a version that is none': 'name: a\nversion: latest\n',
  tabs: 'name:\ta\n\tversion: 1.0.0\n',
  'what is no YAML': 'name: [a\nversion: 1.0.0\n',
  'a billion laughs': `name: a\nversion: 1.0.0\n${laughs(12)}`,
  'an alias of itself': 'name: a\nversion: 1.0.0\na: &a [*a]\n',
  'a binary': Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]),
  'a megabyte of keys': `name: a\nversion: 1.0.0\n${(costly.keys as string).slice(0, megabyte - 100)}`,
  'more than a megabyte': `name: a\nversion: 1.0.0\n#${'x'.repeat(megabyte)}`,
}

async function chartWith(directory: string, text: string | Uint8Array): Promise<string> {
  await mkdir(directory)
  await writeFile(join(directory, 'Chart.yaml'), text)
  return directory
}

for (const [what, text] of Object.entries(charts))
  test(`Chart.yaml that holds ${what} is refused as the chart that it is`, { timeout: 30_000 }, async (t) => {
    const directory = await chartWith(join(await temporaryDirectory(t), 'chart'), text)
    await assert.rejects(packChart(directory), { code: 'BUILD_CHART', why: /Chart\.yaml/ })
  })

test('Chart.yaml with a mark, CRLF, aliases and keys twice is taken as Helm takes it', async (t) => {
  const text = '\ufeffname: a\r\nversion: 1.0.0\r\nx: &x [1]\r\ny: *x\r\nz: 1\r\nz: 2\r\n'
  const { name, version, metadata } = await packChart(await chartWith(join(await temporaryDirectory(t), 'chart'), text))
  assert.deepEqual(
    { name, version, metadata },
    {
      ...{ name: 'a', version: '1.0.0' },
      metadata: { name: 'a', version: '1.0.0', x: [1], y: [1], z: 2 },
    },
  )
})

test('values.yaml of a chart is bounded, and its place is named', async (t) => {
  const path = await chartWith(join(await temporaryDirectory(t), 'chart'), 'name: a\nversion: 1.0.0\n')
  const read = () => defaultValues({ chart: { path, reference: 'registry.example/c' } })
  assert.deepEqual(await read(), {})
  for (const text of [laughs(12), 'a: [\n', 'a: &a [*a]\n']) {
    await writeFile(join(path, 'values.yaml'), text)
    await assert.rejects(read(), { code: 'BUILD_CHART', why: /^values\.yaml:\d+:\d+: / })
  }
})
