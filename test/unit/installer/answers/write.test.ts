import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { emptyDraft, setAnswer } from '../../../../installer/src/answers/draft.ts'
import { questionsFor } from '../../../../installer/src/answers/questions.ts'
import { parseAnswers, readDraft } from '../../../../installer/src/answers/read.ts'
import { writeAnswers, writeAnswersRemarked } from '../../../../installer/src/answers/write.ts'
import { anyAnswers, runs } from './any-answers.ts'

const file = '/site/answers.yaml'

test('answers are written in the order of the schema, with their defaults, whatever way they were given', () => {
  const answers: [string, unknown][] = [
    ['/host', 'cde.site.example'],
    ['/license', '/site/bank.license'],
    ['/registry/address', '10.0.0.5:5000'],
    ['/registry/caFile', '/etc/ca.crt'],
    ['/trust', ['/site/vendor.pub']],
    ['/bundle', '/site/usb/cde.bundle'],
    ['/database', true],
    ['/database/passwordFile', '/site/~password'],
    ['/database/host', 'db'],
    ['/database/sslMode', 'disable'],
  ]
  const draftOf = (given: typeof answers) => given.reduce((draft, [p, v]) => setAnswer(draft, p, v), emptyDraft)
  const text = `apiVersion: sealift.dev/v1
kind: Answers
bundle: usb/cde.bundle
trust:
  - vendor.pub
license: bank.license
mode: airgapped
namespace: cde
registry:
  kind: serve
  address: 10.0.0.5:5000
  plainHttp: false
  caFile: /etc/ca.crt
host: cde.site.example
serviceType: LoadBalancer
database:
  host: db
  port: 5432
  user: cde
  database: cde
  passwordFile: ./~password
  sslMode: disable
`
  assert.equal(writeAnswers(draftOf(answers), '/site'), text)
  assert.equal(writeAnswers(draftOf(answers.toReversed()), '/site'), text)
  const said = setAnswer(setAnswer(draftOf(answers), '/namespace', 'cde'), '/database/caFile', '/of/no/use')
  assert.equal(writeAnswers(said, '/site'), text)
  assert.equal(writeAnswers(parseAnswers(text, file), '/site'), text)
  assert.match(writeAnswers(draftOf(answers)), /^bundle: \/site\/usb\/cde\.bundle$/m)
})

test('what was written is read as the same answers, and written again as the same bytes', () => {
  fc.assert(
    fc.property(anyAnswers, fc.constantFrom(undefined, '/site', '/media'), (answers, directory) => {
      const { draft } = readDraft(writeAnswers(answers), file)
      const text = writeAnswers(draft, directory)
      const again = parseAnswers(text, `${directory ?? '/elsewhere'}/answers.yaml`)
      assert.equal(writeAnswers(again, directory), text)
      assert.equal(writeAnswers(again), writeAnswers(draft))
      const given = JSON.parse(JSON.stringify(answers))
      for (const key of ['values', 'storageClass', 'ignore', 'people'] as const)
        assert.deepEqual(again[key], given[key])
      // its files are paths, which are written by where the answers are
      for (const key of ['http', 'https', 'exempt'] as const) assert.deepEqual(again.proxy?.[key], given.proxy?.[key])
    }),
    runs(200),
  )
})

test('a draft that is not finished is written as far as it goes, and read back', () => {
  const begun = setAnswer(setAnswer(emptyDraft, '/tls', true), '/trust', [])
  const { draft, faults } = readDraft(writeAnswers(begun), file)
  assert.deepEqual(
    draft,
    JSON.parse(
      JSON.stringify({
        ...begun,
        namespace: 'cde',
        registry: { kind: 'serve', plainHttp: false },
        serviceType: 'LoadBalancer',
      }),
    ),
  )
  assert.ok(faults.some(({ pointer }) => pointer === '/tls/certFile'))
})

test('what nobody would see is written as an escape, also beside what is multi-line', () => {
  const values = {
    'a\u202eb': 'x\u200by',
    more: 'line\nline \u2028\u00ad',
    tab: 'a\tb',
    bell: '\x07',
    astral: '\u{e0001}',
  }
  const draft = setAnswer(setAnswer(emptyDraft, '/values', values), '/bundle', '/usb/\u202ecde.bundle')
  const text = writeAnswers(draft)
  assert.doesNotMatch(text, /[^\x20-\x7e\n]/)
  assert.match(text, /\\u202e/)
  assert.deepEqual(readDraft(text, file).draft.values, values)
  assert.equal(readDraft(text, file).draft.bundle, '/usb/\u202ecde.bundle')
})

test('a draft with anything in a field is asked about, written and read back without harm', () => {
  const fields = fc.constantFrom('host', 'trust', 'tls', 'registry', 'values', 'mode', 'database', 'replicas', 'people')
  fc.assert(
    fc.property(anyAnswers, fields, fc.jsonValue(), (answers, key, value) => {
      const draft = { ...answers, [key]: value }
      assert.ok(questionsFor(draft).length > 0)
      const text = writeAnswers(draft, '/site')
      const again = readDraft(text, file)
      assert.equal(writeAnswers(again.draft, '/site'), text)
      writeAnswersRemarked(draft, 'x')
    }),
    runs(200),
  )
})
