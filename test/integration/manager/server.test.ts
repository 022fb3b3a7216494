import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { cp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { bundleService } from '../../../manifests/images/bundle-service.ts'
import { readMigrations } from '../../../services/manager/migration.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { answersFarewell } from '../farewell.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { connection, licensePublicKey, newDatabase } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

type Replica = { url: string; child: ChildProcess; log: () => string; startMs: number }

const adminPassword = 'first-admin-secret'

/** What a chart gives the manager. There is no cluster: everything but running workspaces works. */
async function environment(t: TestContext, change: Record<string, string> = {}): Promise<NodeJS.ProcessEnv> {
  const directory = await temporaryDirectory(t)
  const file = async (name: string, text: string) => {
    await writeFile(join(directory, name), text)
    return join(directory, name)
  }
  const ticket = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const { options } = await newDatabase(t, postgres)
  return {
    PATH: process.env.PATH,
    HOME: directory,
    PORT: '0',
    HOST: '127.0.0.1',
    PGHOST: postgres.host,
    PGPORT: String(postgres.port),
    PGUSER: postgres.user,
    PGDATABASE: options.database,
    PGPASSWORD_FILE: await file('pg', `${postgres.password}\n`),
    ADMIN_PASSWORD_FILE: await file('admin', `${adminPassword}\n`),
    TICKET_KEY_FILE: await file('ticket', ticket),
    LICENSE_KEYS_FILE: await file('keys', licensePublicKey),
    LICENSE_FILE: await file('license', 'not a license'),
    MODE: 'connected',
    ACCESS_URL: 'https://cde.example',
    WORKSPACE_NAMESPACE: 'cde',
    PUBLISHED_AT: 'https://registry.example/cde',
    MANAGER_IMAGE: 'registry.example/cde/manager@sha256:0',
    WORKSPACE_IMAGE: 'registry.example/cde/workspace@sha256:0',
    ...change,
  }
}

const source = fileURLToPath(import.meta.resolve('../../../services/manager/server.ts'))

async function start(t: TestContext, env: NodeJS.ProcessEnv, entry = source): Promise<Replica> {
  const from = performance.now()
  const child = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
  for (;;) {
    const listening = /Server listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(text)
    if (listening?.[1] !== undefined)
      return { url: listening[1], child, log: () => text, startMs: performance.now() - from }
    assert.equal(child.exitCode, null, text)
    await sleep(10)
  }
}

const post = (url: string, body: object, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

test('two replicas start at once on an empty database, share sessions, and stop gracefully', async (t) => {
  const env = await environment(t)
  const [one, two] = await Promise.all([start(t, env), start(t, env)])
  t.diagnostic(`start to listening, two at once: ${Math.round(one.startMs)} and ${Math.round(two.startMs)} ms`)
  const login = await post(`${one.url}/auth/basic/login`, { username: 'admin', password: adminPassword })
  assert.equal(login.status, 200)
  const { session_token } = (await login.json()) as { session_token: string }
  const headers = { 'session-token': session_token }
  const body = { name: 'harbour', cpu: 1, memoryGiB: 1, diskGiB: 1 }
  assert.equal((await post(`${one.url}/api/v0/workspaces`, body, headers)).status, 201)
  const list = (await (await fetch(`${two.url}/api/v0/workspaces`, { headers })).json()) as { status: string }[]
  assert.deepEqual([list.length, list[0]?.status], [1, 'CREATING'])

  const times: number[] = []
  for (let round = 0; round < 200; round++) {
    const from = performance.now()
    await (await fetch(`${two.url}/api/v0/workspaces`, { headers })).arrayBuffer()
    times.push(performance.now() - from)
  }
  times.sort((a, b) => a - b)
  t.diagnostic(`list over loopback: p50 ${times[100]?.toFixed(1)} ms, p99 ${times[198]?.toFixed(1)} ms`)

  for (const replica of [one, two]) {
    const ended = once(replica.child, 'exit')
    replica.child.kill('SIGTERM')
    await answersFarewell(`${replica.url}/api/v0/workspaces`, 200, headers)
    assert.deepEqual(await ended, [0, null])
    const log = replica.log()
    for (const secret of [session_token, adminPassword, postgres.password])
      assert.ok(!log.includes(secret), 'a secret is in the log')
    assert.match(log, /not usable/, 'a bad license file is said and survived')
  }
  const added = [one, two].filter((replica) => replica.log().includes('the first admin was added'))
  assert.equal(added.length, 1)
})

test('the manager bundled into one file, as its image carries it, starts and describes its API', async (t) => {
  const directory = await temporaryDirectory(t)
  const bundle = join(directory, 'server.mjs')
  await bundleService(source, bundle)
  await cp(join(dirname(source), 'migrations'), join(directory, 'migrations'), { recursive: true })
  const { url, child, startMs } = await start(t, await environment(t), bundle)
  t.diagnostic(`start to listening: ${Math.round(startMs)} ms, ${Math.round((await stat(bundle)).size / 1024)} KiB`)
  const document = (await (await fetch(`${url}/api/v0/openapi.json`)).json()) as { paths: Record<string, unknown> }
  assert.ok(Object.keys(document.paths).length > 25)
  assert.match(await (await fetch(`${url}/metrics`)).text(), /cde_workspaces/)
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [0, null])
})

test('the release of the lab that fails after its migrations has applied each of them, and has not listened', async (t) => {
  const broken = import.meta.resolve('../../lab/releases/broken/fails-after-migration.mjs')
  const args = ['--import', broken, source]
  const child = spawn(process.execPath, args, { env: await environment(t), stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const ended = once(child, 'close')
  const log = Buffer.concat(await Array.fromAsync(child.stdout)).toString()
  assert.deepEqual(await ended, [1, null])
  const migrations = await readMigrations()
  for (const { name } of migrations) assert.ok(log.includes(JSON.stringify(name)), name)
  assert.doesNotMatch(log, /Server listening/)
})

test('a manager with a bad environment says what is wrong and ends', async (t) => {
  const env = await environment(t, { MODE: 'airgap' })
  const entry = fileURLToPath(import.meta.resolve('../../../services/manager/server.ts'))
  const child = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const [code] = await once(child, 'exit')
  assert.equal(code, 1)
  assert.match(text, /MODE is one of connected, restricted, airgapped/)
})

test('a manager whose database a newer release has changed ends with code 3, and leaves why where Kubernetes shows it', async (t) => {
  const directory = await temporaryDirectory(t)
  const words = join(directory, 'termination-log')
  await writeFile(words, '')
  const env = await environment(t, { TERMINATION_LOG: words })
  const first = await start(t, env)
  first.child.kill('SIGTERM')
  await once(first.child, 'exit')
  const database = new pg.Client({ ...connection(postgres), database: env.PGDATABASE as string })
  await database.connect()
  t.after(() => database.end())
  await database.query(
    `INSERT INTO migrations (name, hash, class, columns) VALUES ('999_newer.sql', 'x', 'additive', '{}')`,
  )
  const child = spawn(process.execPath, [source], { env, stdio: ['ignore', 'pipe', 'ignore'] })
  let log = ''
  child.stdout.on('data', (chunk: Buffer) => {
    log += chunk.toString()
  })
  assert.deepEqual(await once(child, 'exit'), [3, null])
  assert.equal(JSON.parse(log.trim().split('\n').at(-1) ?? '').code, 'SCHEMA_NEWER')
  const left = await readFile(words, 'utf8')
  assert.match(left, /^SCHEMA_NEWER: the database has migration 999_newer.sql, .*\nwhy: .*\ntry: sealift rollback/)
  await rm(words)
  const outside = spawn(process.execPath, [source], { env, stdio: 'ignore' })
  assert.deepEqual(await once(outside, 'exit'), [3, null])
  await assert.rejects(stat(words), 'nothing is written where there is no such file')
})
