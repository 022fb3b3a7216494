import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerAt, emptyDraft, setAnswer } from '../../../../installer/src/answers/draft.ts'
import { questionPages } from '../../../../installer/src/answers/field-kinds.ts'
import { type Question, questions, questionsFor, settled } from '../../../../installer/src/answers/questions.ts'
import { Answers } from '../../../../installer/src/answers/schema.ts'

const pointers = (draft: Parameters<typeof questionsFor>[0]) => questionsFor(draft).map(({ pointer }) => pointer)
const set = (...answers: [pointer: string, value: unknown][]) =>
  answers.reduce((draft, [pointer, value]) => setAnswer(draft, pointer, value), emptyDraft)

test('every field of the schema is asked but what no face asks, page by page', () => {
  const tops = new Set(questions.map(({ pointer }) => pointer.split('/')[1]))
  const unasked = Object.keys(Answers.properties).filter((key) => !tops.has(key))
  assert.deepEqual(unasked, ['apiVersion', 'kind', 'ignore'])
  const order = questions.map(({ page }) => questionPages.indexOf(page))
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  )
  assert.deepEqual(new Set(order).size, questionPages.length)
  for (const { title, description } of questions) assert.ok(title && description)
})

test('a question says of what kind its answer is', () => {
  const kinds = (kind: Question['kind']) => questions.filter((q) => q.kind === kind).map(({ pointer }) => pointer)
  assert.deepEqual(kinds('choice'), ['/mode', '/registry/kind', '/serviceType', '/database/sslMode'])
  assert.deepEqual(kinds('secret-file'), [
    '/proxy/loginFile',
    '/registry/passwordFile',
    '/tls/keyFile',
    '/database/passwordFile',
  ])
  assert.deepEqual(kinds('flag'), ['/proxy', '/registry/plainHttp', '/tls', '/database', '/replicas'])
  assert.deepEqual(kinds('list'), ['/trust', '/proxy/exempt', '/outside'])
  assert.deepEqual(kinds('values'), ['/values'])
  const mode = questions.find(({ pointer }) => pointer === '/mode')
  assert.equal(mode?.default, 'airgapped')
  assert.deepEqual(
    mode?.choices?.map(({ value }) => value),
    ['airgapped', 'restricted', 'connected'],
  )
})

test('a draft begins with what is no question and with the defaults of what must be answered', () => {
  assert.deepEqual(emptyDraft, {
    apiVersion: 'sealift.dev/v1',
    kind: 'Answers',
    mode: 'airgapped',
    registry: { kind: 'serve' },
  })
})

test('what an earlier answer settles is not asked, and asked again when that one goes', () => {
  const cases: [settles: [string, unknown], asked: string, before: boolean][] = [
    [['/bundle', 'cde.bundle'], '/release', true],
    [['/registry/plainHttp', true], '/registry/caFile', true],
    [['/registry/username', 'ann'], '/registry/passwordFile', false],
    [['/devUrlsHost', 'dev.site.example'], '/editorsHost', true],
    [['/tls', true], '/tls/keyFile', false],
    [['/database', true], '/database/host', false],
    [['/proxy', true], '/proxy/http', false],
    [['/replicas', true], '/replicas/manager', false],
  ]
  for (const [[pointer, value], asked, before] of cases) {
    assert.equal(pointers(emptyDraft).includes(asked), before, asked)
    const after = set([pointer, value])
    assert.equal(pointers(after).includes(asked), !before, asked)
    assert.equal(pointers(setAnswer(after, pointer, undefined)).includes(asked), before, asked)
  }
})

test('a database without TLS is not asked for its CA', () => {
  const database = set(['/database', true])
  assert.ok(pointers(database).includes('/database/caFile'))
  assert.ok(!pointers(setAnswer(database, '/database/sslMode', 'disable')).includes('/database/caFile'))
})

test('an answer that another one settles stays in the draft and is no answer', () => {
  const draft = set(['/registry/caFile', 'ca.crt'], ['/values', { registry: { caFile: 'x' } }])
  const plain = setAnswer(draft, '/registry/plainHttp', true)
  assert.equal(answerAt(plain, '/registry/caFile'), 'ca.crt')
  assert.deepEqual(settled(plain).registry, { kind: 'serve', plainHttp: true })
  assert.deepEqual(settled(plain).values, { registry: { caFile: 'x' } })
  assert.deepEqual(settled(setAnswer(plain, '/registry/plainHttp', null)), draft)
})

test('an answer is put in without changing the draft, and taken out again', () => {
  const before = structuredClone(emptyDraft)
  const draft = set(['/tls', true], ['/tls/keyFile', 'cde.key'])
  assert.deepEqual(emptyDraft, before)
  assert.deepEqual([answerAt(draft, '/tls'), answerAt(draft, '/tls/keyFile')], [true, 'cde.key'])
  assert.deepEqual(setAnswer(draft, '/tls', true), draft)
  for (const nothing of [undefined, null, false]) assert.deepEqual(setAnswer(draft, '/tls', nothing), emptyDraft)
  assert.deepEqual(setAnswer(draft, '/tls/keyFile', undefined).tls, {})
  assert.deepEqual(setAnswer(emptyDraft, '/tls/keyFile', undefined), emptyDraft)
})

test('a pointer that names no field is refused', () => {
  for (const pointer of [
    '',
    '/',
    '/licence',
    '/__proto__',
    '/registry/__proto__/x',
    '/constructor',
    '/trust/0',
    'host',
    '/values/a',
  ])
    assert.throws(() => setAnswer(emptyDraft, pointer, 'x'), { code: 'USAGE_ANSWERS' }, pointer)
})
