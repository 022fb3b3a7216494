import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { renderedDocuments, renderedObjects } from '../../../../installer/src/coverage/rendered-yaml.ts'

test('YAML means what it means to Helm: octal modes, yes and on, merged maps; times and base 60 are text', () => {
  const text = `
apiVersion: v1
kind: Thing
mode: 0440
quoted: "0440"
on: [on, No, y, "yes"]
big: 1_000
base60: 190:20:30
time: 2020-01-01T00:00:00Z
binary: !!binary aGk=
base: &base {a: 1, b: 2}
merged: {<<: *base, b: 3}
`
  const [{ apiVersion: _, kind: __, ...thing } = {} as never] = renderedObjects(text)
  // as `fromYaml … | toJson` of Helm 4.1.4 writes it, but for !!binary
  assert.deepEqual(JSON.parse(JSON.stringify(thing)), {
    mode: 288,
    quoted: '0440',
    true: [true, false, true, 'yes'],
    big: 1000,
    base60: '190:20:30',
    time: '2020-01-01T00:00:00Z',
    binary: 'aGk=',
    base: { a: 1, b: 2 },
    merged: { a: 1, b: 3 },
  })
})

test('one document after the other is parsed, each with its own lines and template', () => {
  const text =
    '---\n# Source: a/templates/a.yaml\na: |\n  --- no boundary\nb: 1\n--- # again\nc: 1\n---\n# Source: a/templates/b.yaml\nd: 1\n...\n---\n'
  const found = [...renderedDocuments(text)].map(({ document, template }) => [document.toJS(), template])
  assert.deepEqual(found, [
    [{ a: '--- no boundary\n', b: 1 }, 'templates/a.yaml'],
    [{ c: 1 }, 'templates/a.yaml'],
    [{ d: 1 }, 'templates/b.yaml'],
    [null, 'templates/b.yaml'],
  ])
})

test('a document of too many words is refused before it is parsed, and so are too many in all', () => {
  const words = (n: number) => `---\na: [${'a,'.repeat(n)}a]\n`
  for (const text of [words(100_001), words(99_000).repeat(16)])
    assert.throws(() => renderedObjects(text), { code: 'BUILD_RENDERED', message: /more than \d+ words and marks/ })
})

test('a key that comes twice is taken as Helm takes it: the last one holds', () => {
  assert.deepEqual(renderedObjects('kind: A\napiVersion: v1\nx: 1\nx: 2\n'), [{ kind: 'A', apiVersion: 'v1', x: 2 }])
})

test('the worst that is accepted takes less than 300 MB, one large document after the other', () => {
  const program = `
    import { imageReferences } from ${JSON.stringify(import.meta.resolve('../../../../installer/src/coverage/image-references.ts'))}
    imageReferences(Array.from({ length: 3 }, () => '---\\na: [' + 'a,'.repeat(99_900) + 'a]\\n').join(''))
    console.log(process.resourceUsage().maxRSS)`
  const peak = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  assert.ok(Number(peak) < 300 * 1024, peak)
})
