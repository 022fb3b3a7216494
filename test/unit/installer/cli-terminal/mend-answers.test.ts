import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Draft } from '../../../../installer/src/answers/draft.ts'
import { faultsOf } from '../../../../installer/src/answers/fault.ts'
import { mendAnswers } from '../../../../installer/src/cli/terminal/mend-answers.ts'
import { typed } from './typed.ts'

const whole: Draft = {
  ...{ apiVersion: 'sealift.dev/v1', kind: 'Answers', mode: 'airgapped', bundle: '/b', license: '/l', trust: ['/k'] },
  ...{ namespace: 'cde', host: 'cde.example', registry: { kind: 'existing', address: 'r.example' } },
}
const { signal } = new AbortController()

/** What becomes of answers when these lines are typed. */
function mended(...lines: string[]) {
  const { ask, shown } = typed(...lines)
  const mend = mendAnswers(ask, signal)
  return {
    shown,
    async mend(draft: Draft) {
      const [fault] = faultsOf(draft)
      assert.ok(fault)
      return await mend(draft, fault)
    },
  }
}

test('an answer that a site does not have is asked for until it holds, and once for all releases', async () => {
  assert.deepEqual(faultsOf(whole), [])
  const { host: _, ...less } = whole
  const { mend, shown } = mended('no host', '<', 'cde.other')
  assert.deepEqual(await mend(less), { ...whole, host: 'cde.other' })
  assert.match(shown(), /no answer that holds: host: it is missing/)
  assert.match(shown(), /! it has a space in it/)
  // with another bundle
  assert.deepEqual(await mend({ ...less, bundle: '/c' }), { ...whole, host: 'cde.other', bundle: '/c' })
})

test('a file is named from where one is', async () => {
  const { license: _, ...less } = whole
  assert.deepEqual(await mended('my.license').mend(less), { ...whole, license: `${process.cwd()}/my.license` })
})

test('what is no question is nobody asked for', async () => {
  assert.equal(await mended().mend({ ...whole, colour: 'red' }), undefined)
  assert.equal(await mended().mend({ ...whole, tls: { colour: 'red' } }), undefined)
})
