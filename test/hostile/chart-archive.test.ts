import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { checkChartArchive } from '../../installer/src/install/chart-archive.ts'
import { chartValuesIn } from '../../installer/src/install/chart-files.ts'
import { readChartArchive } from '../../installer/src/stores/chart/archive.ts'
import { chartOf, describe, pax, type RawEntry, tarOf } from '../fixtures/chart-archive.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { fuzz } from './random.ts'

const bad = (why: string, cause?: unknown) => new SealiftError('BUNDLE_CHART', 'refused', { why, cause })
const read = (archive: Buffer) => readChartArchive(archive, bad)
const withEntries = (...entries: RawEntry[]) => chartOf([describe(), ...entries])
const good = [
  describe(),
  { name: 'acme/values.yaml', content: 'a: 1\n' },
  { name: 'acme/templates/a.yaml', content: 'kind: Pod\n' },
]
const last = Buffer.alloc(1024)

/** Chart archives that no reader should get, and what is said of them. */
/** A few lines that stand for 10^8 nodes. */
const aliases = Array.from({ length: 9 }, (_, i) =>
  i === 0 ? 'a0: &a0 [x]\n' : `a${i}: &a${i} [${`*a${i - 1}, `.repeat(10)}]\n`,
).join('')

const hostile: Record<string, [archive: Buffer, why: RegExp]> = {
  // what a reader of one kind skips and another takes for a file
  ...Object.fromEntries(
    ['Z', 'A', 'V', 'M', 'N', 'D', 'X', 'z', '7', ' ', '\xff'].map((type) => [
      `an entry of type ${JSON.stringify(type)}`,
      [withEntries({ name: 'acme/templates/evil.yaml', content: 'kind: Pod\n', type }), /unknown type/],
    ]),
  ),
  'a hard link': [withEntries({ name: 'acme/link', type: '1' }), /a hard link/],
  'a symbolic link': [withEntries({ name: 'acme/link', type: '2' }), /a symbolic link/],
  'a character device': [withEntries({ name: 'acme/dev', type: '3' }), /a device/],
  'a block device': [withEntries({ name: 'acme/dev', type: '4' }), /a device/],
  'a FIFO': [withEntries({ name: 'acme/pipe', type: '6' }), /a FIFO/],
  'a sparse file': [withEntries({ name: 'acme/a', type: 'S' }), /a sparse file/],
  'a long name of a link': [
    withEntries({ name: '././@LongLink', type: 'K', content: '/etc/passwd\0' }),
    /unknown type/,
  ],
  'a file that its mode calls a directory': [withEntries({ name: 'acme/a', mode: '0040644' }), /two kinds/],
  'a directory that its mode calls a link': [withEntries({ name: 'acme/a', type: '5', mode: '0120755' }), /two kinds/],
  'a mode that is no number': [withEntries({ name: 'acme/a', mode: 'rw-r--r' }), /two kinds/],
  // names
  'a way out': [withEntries({ name: 'acme/../../etc/passwd' }), /leads elsewhere/],
  'an absolute name': [withEntries({ name: '/etc/passwd' }), /leads elsewhere/],
  'a name of Windows': [withEntries({ name: 'acme\\a' }), /leads elsewhere/],
  'a drive': [withEntries({ name: 'C:/a' }), /leads elsewhere/],
  'a dot in front': [chartOf([{ name: './acme/Chart.yaml' }]), /leads elsewhere/],
  'an empty part of a name': [withEntries({ name: 'acme//a' }), /leads elsewhere/],
  'a control character in a name': [withEntries({ name: 'acme/a\x1b[2J' }), /leads elsewhere/],
  'an override of direction in a name': [withEntries({ name: 'acme/a\u202egpj.yaml' }), /leads elsewhere/],
  'a file that is named like a directory': [withEntries({ name: 'acme/a/' }), /leads elsewhere/],
  'a name that is not UTF-8': [
    withEntries({ name: '', patch: (block) => void block.write('acme/\xff', 0, 'latin1') }),
    /UTF-8/,
  ],
  'a name twice': [withEntries({ name: 'acme/a' }, { name: 'acme/a' }), /twice/],
  'a name twice but for capitals': [withEntries({ name: 'acme/A' }, { name: 'acme/a' }), /twice/],
  'a name twice but for accents': [withEntries({ name: 'acme/\u00e9' }, { name: 'acme/e\u0301' }), /twice/],
  'a second Chart.yaml': [withEntries(describe('acme', 'name: acme\nversion: 9.9.9\n')), /twice/],
  'a file below a file': [withEntries({ name: 'acme/a' }, { name: 'acme/a/b' }), /below a file/],
  'a file where a directory is': [withEntries({ name: 'acme/a/b' }, { name: 'acme/a' }), /twice/],
  'a long name in the prefix that climbs': [withEntries({ name: 'passwd', prefix: 'acme/..' }), /leads elsewhere/],
  // long names and pax
  'a pax path that climbs': [
    withEntries({ name: 'x', type: 'x', content: pax('path', 'acme/../../x') }, { name: 'acme/a' }),
    /leads elsewhere/,
  ],
  'a GNU name that climbs': [
    withEntries({ name: 'x', type: 'L', content: '/etc/passwd\0' }, { name: 'acme/a' }),
    /leads elsewhere/,
  ],
  ...Object.fromEntries(
    ['size', 'linkpath', 'hdrcharset', 'GNU.sparse.major', 'GNU.sparse.name', 'SCHILY.realsize', 'unknown'].map(
      (key) => [
        `a pax header that sets ${key}`,
        [withEntries({ name: 'x', type: 'x', content: pax(key, '1') }, { name: 'acme/a' }), /sets/],
      ],
    ),
  ),
  'a global pax header that names every file': [
    withEntries({ name: 'x', type: 'g', content: pax('path', 'acme/a') }, { name: 'acme/b' }),
    /sets "path"/,
  ],
  'a pax header that says something twice': [
    withEntries({ name: 'x', type: 'x', content: pax('path', 'acme/b') + pax('path', 'acme/c') }, { name: 'acme/a' }),
    /twice/,
  ],
  'a pax header with a wrong length': [
    withEntries({ name: 'x', type: 'x', content: '99 path=acme/b\n' }, { name: 'acme/a' }),
    /damaged/,
  ],
  'a pax header without a value': [
    withEntries({ name: 'x', type: 'x', content: '7 path\n' }, { name: 'acme/a' }),
    /damaged/,
  ],
  'a pax header of 1 MB': [
    withEntries({ name: 'x', type: 'x', content: Buffer.alloc(1_000_000) }, { name: 'acme/a' }),
    /64 KiB/,
  ],
  'two long names of one file': [
    withEntries(
      { name: 'x', type: 'L', content: 'acme/b\0' },
      { name: 'x', type: 'x', content: pax('path', 'acme/c') },
      { name: 'acme/a' },
    ),
    /two names/,
  ],
  'a long name of nothing': [withEntries({ name: 'x', type: 'L', content: 'acme/b\0' }), /behind a long name/],
  // headers
  'a wrong checksum': [withEntries({ name: 'acme/a', off: 1 }), /checksum/],
  'a size that is no number': [withEntries({ name: 'acme/a', size: 'zzzzzzzzzzz' }), /no plain size/],
  'a negative size': [
    withEntries({ name: 'acme/a', patch: (block) => void block.fill(0xff, 124, 136) }),
    /no plain size/,
  ],
  'a size in base 256': [
    withEntries({ name: 'acme/a', patch: (block) => void block.fill(0, 124, 136).writeUInt8(0x80, 124) }),
    /no plain size/,
  ],
  'a size beyond the end': [withEntries({ name: 'acme/a', size: '77777777777' }), /ends within/],
  'a directory with content': [withEntries({ name: 'acme/a/', type: '5', content: 'x' }), /directory with content/],
  'a header of the kind star': [
    withEntries({ name: 'acme/a', patch: (block) => void block.write('tar\0', 508, 'latin1') }),
    /star/,
  ],
  'a header of another kind': [withEntries({ name: 'acme/a', magic: 'xstar\x0000' }), /no known kind/],
  // ends
  'no end marker': [gzipSync(tarOf([describe()]).subarray(0, -1024)), /end marker/],
  'an end in the middle of a file': [gzipSync(tarOf([describe()]).subarray(0, 600)), /ends/],
  'something behind its end marker': [
    gzipSync(Buffer.concat([tarOf([describe()]), tarOf([{ name: 'acme/evil' }])])),
    /behind its end/,
  ],
  'one record of zeros and something': [
    gzipSync(Buffer.concat([tarOf([describe()]).subarray(0, -512), tarOf([{ name: 'acme/evil' }])])),
    /behind its end/,
  ],
  'two members of gzip': [
    Buffer.concat([gzipSync(tarOf(good).subarray(0, 1024)), gzipSync(tarOf(good).subarray(1024))]),
    /behind its gzip/,
  ],
  'something behind its gzip': [Buffer.concat([chartOf(good), Buffer.from('x')]), /behind its gzip/],
  'zeros behind its gzip': [Buffer.concat([chartOf(good), Buffer.alloc(512)]), /behind its gzip/],
  'a cut gzip': [chartOf(good).subarray(0, -30), /cut or damaged/],
  'a gzip without its checksum': [chartOf(good).subarray(0, -8), /cut at the end/],
  'a wrong checksum of gzip': [
    Buffer.concat([chartOf(good).subarray(0, -8), Buffer.alloc(4), chartOf(good).subarray(-4)]),
    /checksum of its gzip/,
  ],
  // amounts
  'a bomb': [gzipSync(Buffer.alloc(limits.chartUnpacked + 1)), /unpacks to more/],
  'a bomb in a chart within': [
    withEntries({ name: 'acme/charts/b-1.tgz', content: gzipSync(Buffer.alloc(limits.chartUnpacked)) }),
    /charts\/b-1\.tgz.*unpacks to more/,
  ],
  'a file that Helm refuses': [
    withEntries({ name: 'acme/a', content: Buffer.alloc(limits.chartFile + 1) }),
    /file of more than/,
  ],
  'too many entries': [
    withEntries(...Array.from({ length: limits.chartEntries }, (_, i) => ({ name: `acme/${i}` }))),
    /more than 5000 entries/,
  ],
  // no charts at all
  'nothing in it': [Buffer.alloc(0), /empty/],
  'an empty gzip': [gzipSync(''), /ends before/],
  'an empty tar': [gzipSync(last), /empty/],
  'a plain tar': [tarOf(good), /a tar that is not compressed/],
  'a zip': [Buffer.from('PK\x03\x04'.padEnd(100, 'x')), /zip/],
  'a web page': [Buffer.from('<!DOCTYPE html><html><body>404</body></html>'), /web page/],
  text: [Buffer.from('not gzip'.repeat(10)), /not gzip/],
  'a gzip header without an end': [Buffer.from([0x1f, 0x8b, 8, 0x08, ...Buffer.alloc(20, 'x')]), /header of its gzip/],
  'no Chart.yaml': [chartOf([{ name: 'acme/values.yaml' }]), /no Chart\.yaml/],
  'a Chart.yaml deeper alone': [chartOf([{ name: 'acme/x/Chart.yaml', content: 'name: acme' }]), /no Chart\.yaml/],
  'a Chart.yaml without a directory': [chartOf([{ name: 'Chart.yaml', content: 'name: acme' }]), /./],
  'a Chart.yaml that is a directory': [chartOf([{ name: 'acme/Chart.yaml', type: '5' }]), /./],
  'a Chart.yaml that is not YAML': [chartOf([describe('acme', 'a: [')]), /not YAML/],
  'a Chart.yaml of nothing': [chartOf([describe('acme', '')]), /says undefined/],
  'a Chart.yaml of aliases of aliases': [chartOf([describe('acme', `${aliases}name: acme\n`)]), /more than \d+ nodes/],
  'another name than its directory': [chartOf([describe('acme', 'name: other\n')]), /says "other"/],
  'two directories at its top': [withEntries({ name: 'other/a' }), /more than one directory/],
  'a chart within that holds a link': [
    withEntries({ name: 'acme/charts/b-1.tgz', content: chartOf([describe('b'), { name: 'b/x', type: '2' }]) }),
    /charts\/b-1\.tgz, that holds a symbolic link/,
  ],
}

const withSchema = (schema: object, path = 'values.schema.json') =>
  withEntries({ name: `acme/${path}`, content: JSON.stringify(schema) })
for (const [what, schema] of Object.entries({
  'the web': { properties: { a: { $ref: 'https://schemas.example/pod.json#/definitions/a' } } },
  'a file of the machine': { $ref: 'file:///etc/passwd' },
  'a file beside it': { $ref: 'other.json' },
  'a neighbour of its own name': { $id: 'https://schemas.example/base.json', allOf: [{ $ref: 'other.json' }] },
  'a language of its own': { $schema: 'https://schemas.example/language.json' },
  'the web, dynamically': { items: { $dynamicRef: 'https://schemas.example/x.json#a' } },
}))
  hostile[`a schema that refers to ${what}`] = [withSchema(schema), /refers to another document/]
hostile['a schema of a chart within that refers to the web'] = [
  withSchema({ $ref: 'https://schemas.example/x.json' }, 'charts/b/values.schema.json'),
  /charts\/b\/values\.schema\.json that refers/,
]

test('a schema that refers to itself and to the language that it is in is read', async () => {
  const named = 'https://schemas.example/base.json'
  for (const schema of [
    { $schema: 'http://json-schema.org/draft-07/schema#', $ref: '#/definitions/a', definitions: { a: {} } },
    {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: named,
      $ref: `${named}#/$defs/a`,
      $defs: { a: {} },
    },
    { $id: named, $ref: 'inner.json', $defs: { a: { $id: 'inner.json' } } },
    { properties: { $ref: { type: 'string' } } },
  ])
    assert.equal((await read(withSchema(schema))).name, 'acme')
})

for (const [what, [archive, why]] of Object.entries(hostile))
  test(`a chart archive with ${what} is refused`, async () => {
    await assert.rejects(read(archive), (error: SealiftError) => {
      assert.equal(error.code, 'BUNDLE_CHART')
      assert.match(error.why ?? '', why)
      return true
    })
  })

test('charts as the usual tars pack them are read', async () => {
  const long = `templates/${'long-'.repeat(30)}name.yaml`
  const times = pax('mtime', '1767225600.25') + pax('LIBARCHIVE.xattr.com.apple.x', 'eA==') + pax('SCHILY.dev', '1')
  const { name, files } = await read(
    chartOf([
      { name: 'pax_global_header', type: 'g', content: pax('comment', 'a'.repeat(40)) },
      { name: 'acme/', type: '5', mode: '0040755' },
      { ...describe(), mode: '0100644' },
      { name: 'x', type: 'x', content: times + pax('path', `acme/${long}`) },
      { name: `acme/${long}`.slice(0, 100), content: 'pax' },
      { name: '././@LongLink', type: 'L', magic: 'ustar  \0', content: `acme/gnu/${long}\0` },
      { name: `acme/gnu/${long}`.slice(0, 100), magic: 'ustar  \0', content: 'gnu' },
      { name: 'prefixed', prefix: 'acme/templates', content: 'ustar' },
      { name: 'acme/old', type: '\0', magic: '', content: 'v7' },
      { name: 'acme/charts/b-1.tgz', content: chartOf([describe('b')]) },
    ]),
  )
  assert.equal(name, 'acme')
  const texts = [...files].filter(([, content]) => content.length < 10).map(([path, content]) => [path, `${content}`])
  assert.deepEqual(Object.fromEntries(texts), {
    [long]: 'pax',
    [`gnu/${long}`]: 'gnu',
    'templates/prefixed': 'ustar',
    old: 'v7',
  })
})

test('the header that helm package writes is read: an extra field and a comment', async () => {
  const plain = chartOf(good)
  const extra = Buffer.from([0x1f, 0x8b, 8, 0x14, 0, 0, 0, 0, 0, 255, 3, 0, 1, 2, 3, ...Buffer.from('Helm\0')])
  assert.equal((await read(Buffer.concat([extra, plain.subarray(10)]))).files.size, 3)
})

test("values of a chart in a bundle that cannot be read are its vendor's fault", async (t) => {
  const path = join(await temporaryDirectory(t), 'chart.tgz')
  for (const [file, text] of [
    ['values.yaml', 'a: ['],
    ['values.schema.json', '{"a": 1, "a": 2}'],
  ]) {
    await writeFile(path, chartOf([describe(), { name: `acme/${file}`, content: text as string }]))
    await assert.rejects(chartValuesIn(path), { code: 'BUNDLE_CHART' })
  }
  await writeFile(path, chartOf(good))
  assert.deepEqual(await chartValuesIn(path), { values: { a: 1 } })
})

test('an archive that is larger than any chart is refused unread', async (t) => {
  const path = join(await temporaryDirectory(t), 'chart.tgz')
  await writeFile(path, Buffer.alloc(limits.chartUnpacked + 1))
  await assert.rejects(checkChartArchive(path), { code: 'BUNDLE_CHART', why: /is larger than/ })
})

test('whatever is changed in a chart archive, it is read or refused', async () => {
  const whole = chartOf([...good, { name: 'x', type: 'x', content: pax('path', 'acme/b') }, { name: 'acme/a' }])
  const inside = gunzipSync(whole)
  let accepted = 0
  await fuzz(4000, async (random) => {
    const outside = random.below(4) === 0
    const bytes = Buffer.from(outside ? whole : inside)
    for (let i = 1 + random.below(4); i > 0; i -= 1) {
      const at = random.below(bytes.length)
      const change = random.below(3)
      if (change === 0) bytes[at] = random.below(256)
      else if (change === 1) bytes.copy(bytes, at, random.below(bytes.length))
      // the fields of a header, digits and types above all
      else
        bytes.write(
          random.of(['7', '0', 'x', 'L', '5', '\0', '/', '..', ' ']),
          at - (at % 512) + random.below(160),
          'latin1',
        )
    }
    const cut = random.below(8) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes
    try {
      await read(outside ? cut : gzipSync(cut, { level: 1 }))
      accepted += 1
    } catch (error) {
      if (!(error instanceof SealiftError)) throw error
    }
  })
  assert.ok(accepted > 0)
})
