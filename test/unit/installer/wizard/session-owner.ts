import { openSession } from '../../../../installer/src/wizard/session.ts'
import { offerSession } from '../../../../installer/src/wizard/socket.ts'
import { completeDraft, fakeWork } from './fake-work.ts'

/** Has a session that installs until it is killed, and lets others join. */
const session = await openSession(process.argv[2] as string, {
  work: fakeWork(() => new Promise(() => {})),
  draft: completeDraft,
})
await offerSession(session)
const face = await session.enter({ kind: 'headless', label: 'owner' })
await face.install()
process.stdout.write('installing\n')
setInterval(() => {}, 60_000)
