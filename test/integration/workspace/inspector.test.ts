import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { dockerfileOf } from '../../../manifests/images/context.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

/** Any program in a workspace may send signals to the agent, which runs as the same user. */
test('a signal does not open the inspector of the agent, as its image starts it', async (t) => {
  const home = await temporaryDirectory(t)
  const entrypoint = /^ENTRYPOINT (.*)$/m.exec(await readFile(dockerfileOf('workspace'), 'utf8'))?.[1] ?? ''
  const words: string[] = JSON.parse(entrypoint)
  const flags = words.slice(words.indexOf('/usr/local/bin/node') + 1, -1)
  const agent = spawn(
    process.execPath,
    [...flags, join(import.meta.dirname, '../../../services/workspace/server.ts')],
    {
      env: { PATH: process.env.PATH, HOME: home, PORT: '0', IDE_PORT: '0', SSH_PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  t.after(() => agent.kill('SIGKILL'))
  let errors = ''
  agent.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  for await (const line of createInterface({ input: agent.stdout }))
    if (line.includes('"listening"') || line.includes('no SSH')) break
  agent.kill('SIGUSR1')
  // the signal's thread would have said that it listens before a later signal is looked at
  agent.kill('SIGTERM')
  await once(agent, 'exit')
  assert.doesNotMatch(errors, /Debugger listening/)
})
