import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import type { From } from '@sealift/bundle-spec/allowlist.ts'
import { parse } from 'yaml'
import type { Result } from '../../installer/src/allowlist/check/result.ts'
import { allowlistOf } from '../fixtures/allowlist.ts'
import { outside } from '../integration/allowlist/servers.ts'
import { type DemoGround, startGround, writeAnswers } from '../lab/demo-ground.ts'
import { sealiftExecutable } from '../lab/demo-sealift.ts'
import { steps } from '../lab/demo-step.ts'
import { startSquid } from '../lab/squid.ts'
import { onBorrowedLab } from './borrowed-lab.ts'

const end = new AsyncDisposableStack()
let ground: DemoGround

before(
  async () => {
    const started = await onBorrowedLab((options) => startGround(options, steps(options.log, false)))
    end.defer(started.close)
    ground = started
  },
  { timeout: 30 * 60_000 },
)

after(() => end.disposeAsync())

interface Ended {
  code: number
  stdout: string
  stderr: string
}

test('an allowlist is tried from this machine, a node, and pods under the policies of manager and workspaces, through a proxy that wants a login', async (t) => {
  const { site, served, files } = ground
  const { ports, ca } = await outside(t, ['a.test', 'b.test'])
  const directory = await mkdtemp(join(tmpdir(), 'allowlist-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  const at = (name: string) => join(directory, name)
  const squidDirectory = await mkdtemp(join(tmpdir(), 'squid-'))
  t.after(() => rm(squidDirectory, { recursive: true, force: true }))
  const squid = await startSquid({
    ...{ directory: squidDirectory, address: site.bastionAddress, hosts: ['a.test', 'b.test'] },
    login: { user: 'site', password: 'S3CRET' },
    acl: 'acl good dstdomain a.test\nhttp_access allow good\nhttp_access deny all',
  })
  t.after(() => squid.stop())
  await writeAnswers(ground, files.paid)
  await writeFile(at('login'), 'site:S3CRET\n', { mode: 0o600 })
  await writeFile(at('ca.crt'), `${ca}\n${await readFile(served.caFile, 'utf8')}`)
  const proxy = { http: squid.url, https: squid.url, loginFile: at('login') }
  const answers = { ...parse(await readFile(files.answers, 'utf8')), mode: 'restricted', proxy }
  await writeFile(at('answers.yaml'), JSON.stringify(answers))
  const from: From[] = ['bastion', 'nodes', 'pods', 'workspaces']
  const [host = '', port = ''] = served.registry.split(':')
  const list = allowlistOf(
    { id: 'open', host: 'a.test', port: ports.https, from },
    { id: 'denied', host: 'b.test', port: ports.https, from },
    { id: 'registry', host, port: Number(port), path: '/v2/', at: 'site', from },
  )
  await writeFile(at('list.json'), JSON.stringify(list))
  const words = [at('list.json'), `--answers=${at('answers.yaml')}`, `--from=${from}`, `--ca=${at('ca.crt')}`, '--json']
  const run = promisify(execFile)(await sealiftExecutable(), ['allowlist', 'check', ...words], { timeout: 400_000 })
  const { code, stdout, stderr } = await run.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Ended) => ({ code, stdout, stderr }),
  )
  assert.equal(code, 6, stdout + stderr)
  assert.doesNotMatch(stdout + stderr, /S3CRET/)
  const { results = [], error } = JSON.parse(stdout) as { results?: Result[]; error?: object }
  assert.equal(error, undefined, stdout)
  assert.deepEqual(
    results.map(({ id, place, outcome }) => `${id} ${place} ${outcome}`),
    [
      ...from.map((place) => `open ${place} reached`),
      ...from.map((place) => `denied ${place} proxy`),
      ...['bastion reached', 'nodes reached', 'pods tcp', 'workspaces reached'].map((one) => `registry ${one}`),
    ],
    JSON.stringify(results, null, 1),
  )
  const log = await squid.log()
  assert.equal(log.filter(({ host, denied }) => host === 'b.test' && denied).length, 4)
  const namespaces = JSON.parse(await site.kubectl('get', 'namespaces', '--output=json')).items
  assert.ok(
    namespaces.every(
      ({ metadata }: { metadata: { name: string; deletionTimestamp?: string } }) =>
        metadata.name !== 'cde-allowlist' || metadata.deletionTimestamp,
    ),
  )
})
