import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Field, root } from '../../../../installer/src/answers/field.ts'
import { parseAnswers, readDraft } from '../../../../installer/src/answers/read.ts'
import { answersTemplate } from '../../../../installer/src/answers/template.ts'

const file = '/site/answers.yaml'

/** The template with every answer that may be left out given. */
function uncommented(): string {
  let text = answersTemplate()
  for (let before = ''; before !== text; ) {
    before = text
    text = text.replaceAll(/^( *)#(?!#)/gm, '$1')
  }
  return text
}

const pointersOf = ({ properties = {} }: Field, above = ''): string[] =>
  Object.entries(properties).flatMap(([key, field]) => [`${above}/${key}`, ...pointersOf(field, `${above}/${key}`)])

test('the template has every field of the schema in its order, explained, with its choices and its default', () => {
  const { draft } = readDraft(uncommented(), file)
  const there = (group: object, above = ''): string[] =>
    Object.entries(group).flatMap(([key, value]) => {
      const below = value !== null && typeof value === 'object' && !Array.isArray(value)
      return [`${above}/${key}`, ...(below ? there(value, `${above}/${key}`) : [])]
    })
  assert.deepEqual(there(draft), pointersOf(root))
  const prose = answersTemplate().replaceAll(/\n## +(?=[^ \n])/g, ' ')
  const explained = ({ properties = {}, choices = {} }: Field): void => {
    for (const choice of Object.values(choices)) assert.ok(prose.includes(choice), choice)
    for (const field of Object.values(properties)) {
      if (field.const === undefined) assert.ok(prose.includes(`${field.title}: ${field.description}`), field.title)
      explained(field)
    }
  }
  explained(root)
  assert.deepEqual(
    [draft.namespace, draft.serviceType, draft.database],
    [
      'cde',
      'LoadBalancer',
      {
        host: null,
        port: 5432,
        user: 'cde',
        database: 'cde',
        passwordFile: null,
        sslMode: 'verify-full',
        caFile: null,
      },
    ],
  )
})

test('as it is, what must be answered is missing, line by line', () => {
  const { faults, lineOf } = readDraft(answersTemplate(), file)
  const lines = answersTemplate().split('\n')
  assert.deepEqual(
    faults.map(({ pointer }) => [pointer, lines[lineOf(pointer) - 1]]),
    [
      ['/bundle', 'bundle:'],
      ['/trust', 'trust: []'],
      ['/license', 'license:'],
      ['/registry/address', '  address:'],
      ['/host', 'host:'],
    ],
  )
})

test('filled in, it is read', () => {
  const text = answersTemplate()
    .replace(/^bundle:/m, 'bundle: cde.bundle')
    .replace(/^trust: \[\]/m, 'trust: [vendor.pub]')
    .replace(/^license:/m, 'license: my.license')
    .replace(/^ {2}address:/m, '  address: 10.0.0.5:5000')
    .replace(/^host:/m, 'host: cde.site.example')
    .replace('#database:', 'database:')
    .replace('#  host:', '  host: db.site.example')
    .replace('#  passwordFile:', '  passwordFile: password')
    .replace('#  #sslMode: verify-full', '  sslMode: disable')
  const { database, registry } = parseAnswers(text, file)
  assert.equal(registry.address, '10.0.0.5:5000')
  assert.deepEqual(database, {
    host: 'db.site.example',
    port: 5432,
    user: 'cde',
    database: 'cde',
    passwordFile: '/site/password',
    sslMode: 'disable',
  })
})

test('its lines fit a terminal of 120 columns', () => {
  for (const line of answersTemplate().split('\n')) assert.ok(line.length <= 120, line)
})

test('docs/answers.md shows what is printed', async () => {
  const page = await readFile(join(import.meta.dirname, '../../../../docs/answers.md'), 'utf8')
  const shown = /^```yaml\n(.*?)^```$/ms.exec(page)?.[1]
  assert.equal(shown, answersTemplate(), 'put the output of `sealift answers init` there')
})
