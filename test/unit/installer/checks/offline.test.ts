import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readDraft } from '../../../../installer/src/answers/read.ts'
import { checkOffline } from '../../../../installer/src/checks/offline/offline.ts'
import { anyAnswers, runs } from '../answers/any-answers.ts'

const options = { whole: false, signal: new AbortController().signal }

test('whatever stands in a field, it is looked at to the end, and the field is named', async () => {
  const changed = fc.tuple(anyAnswers, fc.nat(), fc.jsonValue()).map(([answers, at, value]) => {
    const key = Object.keys(answers)[at % Object.keys(answers).length] as string
    return { ...answers, [key]: value }
  })
  await fc.assert(
    fc.asyncProperty(changed, async (answers) => {
      const { draft, faults } = readDraft(JSON.stringify(answers), '/nowhere/answers.yaml')
      const { findings } = await checkOffline(draft, faults, options)
      for (const { pointer, message } of findings) assert.ok(pointer.startsWith('/') && message)
    }),
    runs(150),
  )
})

test('one key where a list of them belongs is told of, and what else is there looked at', async () => {
  const text = 'trust: vendor.pub\nlicense: none.license\n'
  const { draft, faults } = readDraft(text, '/nowhere/answers.yaml')
  const { findings } = await checkOffline(draft, faults, options)
  const said = findings.map(({ pointer, message }) => `${pointer} ${message}`)
  assert.ok(said.includes('/trust it must be a list'))
  assert.ok(said.includes('/license there is no such file: /nowhere/none.license'))
})
