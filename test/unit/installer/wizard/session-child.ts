import { writeSync } from 'node:fs'
import { openSession } from '../../../../installer/src/wizard/session.ts'
import { completeDraft, fakeWork } from './fake-work.ts'

/** Works in a session, tells each step, and waits in the last one until it is killed. */
const [directory = '', last = ''] = process.argv.slice(2)
const session = await openSession(directory, { work: fakeWork(() => new Promise(() => {})), base: '/' })
const face = await session.enter({ kind: 'terminal', label: 'child' })
const told = (step: string) => {
  writeSync(1, `${step}\n`)
  if (step === last) process.kill(process.pid, 'SIGKILL')
}
const view = await face.view()
told('opened')
if (view.phase !== 'failed') {
  const { apiVersion: _, kind: __, registry, ...answers } = completeDraft
  for (const [key, value] of Object.entries(answers)) await face.answer({ [`/${key}`]: value })
  told('answered')
  await face.answer({ '/registry/address': (registry as { address: string }).address })
  await face.go('review')
  told('review')
}
face.subscribe(0, (update) => {
  if (update.type === 'phase') told(update.phase)
  if (update.type === 'stage-start') told('stage')
  if (update.type === 'progress') told('progress')
  if (update.type === 'log') told('log')
})
if (last === 'checking') await face.check()
await face.install()
setInterval(() => {}, 60_000)
