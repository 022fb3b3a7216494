import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Notices, Told } from '../../../services/envproxy/notices.ts'
import { startSshSite } from './ssh-site.ts'

const notice = {
  ...{ id: 'a', kind: 'upgrade', says: 'CDE is upgraded.' },
  ...{ startsAt: '2026-01-01T12:05:00.000Z', endsAt: '2026-01-01T12:30:00.000Z' },
}
const told: Told = { now: '2026-01-01T12:00:00.000Z', notices: [notice] }
const line = /^\*\*\* CDE is upgraded\. Begins in 5 minutes, at 12:05 UTC\. \*\*\*\r?$/gm

/** Notices that are there from the beginning, and are told again with each listener. */
function current() {
  const listeners = new Set<(told: Told) => void>()
  const notices: Notices = {
    hear(listener) {
      listeners.add(listener)
      for (const one of listeners) one(told)
      return () => listeners.delete(listener)
    },
  }
  return { notices, listeners }
}

test('who has a shell at a terminal reads a notice once, as an error of the client, and is forgotten afterwards', async (t) => {
  const { notices, listeners } = current()
  const site = await startSshSite(t, { gate: { notices } })
  const first = site.ssh([], { flags: ['-tt'], input: 'sleep 1; exit\n' })
  const { code, stdout, stderr } = await first
  assert.equal(code, 0, stderr)
  assert.equal(stderr.match(line)?.length, 1, stderr)
  assert.doesNotMatch(stdout.toString(), /upgraded/)
  for (let i = 0; listeners.size > 0; i += 1)
    await new Promise((resolve) => setTimeout(resolve, 20)).then(() => assert.ok(i < 250))
})

test('no stream of a program ever holds one', async (t) => {
  const { notices, listeners } = current()
  const site = await startSshSite(t, { gate: { notices } })
  await writeFile(join(site.directory, 'batch'), `ls\n`)
  const outputs = await Promise.all([
    site.ssh(['echo out; echo err >&2']),
    site.ssh(['-tt', 'echo out']),
    // rsync, VS Code and scripts: a shell without a terminal
    site.ssh([], { flags: ['-T'], input: 'echo out\n' }),
    site.run('sftp', [
      ...site.flags(),
      '-P',
      `${site.port}`,
      '-b',
      join(site.directory, 'batch'),
      'ann-lee-my-box@127.0.0.1',
    ]),
    site.run('scp', [
      ...site.flags(),
      '-O',
      '-P',
      `${site.port}`,
      join(site.directory, 'batch'),
      'ann-lee-my-box@127.0.0.1:there',
    ]),
    site.ssh([], { flags: ['-W', '127.0.0.1:1'] }),
  ])
  for (const { stdout, stderr } of outputs) assert.doesNotMatch(`${stdout}${stderr}`, /upgraded/)
  assert.deepEqual(
    outputs.slice(0, 5).map(({ code }) => code),
    [0, 0, 0, 0, 0],
    outputs.map(({ stderr }) => stderr).join(),
  )
  assert.equal(listeners.size, 0)
})
