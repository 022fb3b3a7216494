import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { modeOf } from '@sealift/bundle-spec/act.ts'
import Fastify from 'fastify'
import { pino } from 'pino'
import { loggerOptions } from '../../../../services/logging.ts'
import { readEnvironment, splitPem } from '../../../../services/manager/environment.ts'
import { hashPassword, verifyPassword } from '../../../../services/manager/passwords.ts'
import access from '../../../../services/manager/plugins/access.ts'
import { ticketSigner } from '../../../../services/manager/tickets.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'

test('a password is verified against its own hash only, and each hash has its own salt', async () => {
  const [first, second] = await Promise.all([hashPassword('sesame'), hashPassword('sesame')])
  assert.match(first, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  assert.notEqual(first, second)
  assert.equal(await verifyPassword('sesame', first), true)
  assert.equal(await verifyPassword('Sesame', first), false)
  assert.equal(await verifyPassword('sesame', undefined), false)
  await assert.rejects(verifyPassword('sesame', 'plain'), /damaged/)
})

test('more people logging in than the manager can take are told to come back', async () => {
  const all = await Promise.allSettled(Array.from({ length: 40 }, () => verifyPassword('x', undefined)))
  const refused = all.filter((one) => one.status === 'rejected')
  assert.equal(refused.length, 6)
  assert.ok(refused.every((one) => (one.reason as { code: string }).code === 'AUTH_BUSY'))
  assert.equal(await verifyPassword('x', undefined), false, 'and later it works again')
})

test('a key of another kind signs no tickets', async () => {
  await assert.rejects(ticketSigner(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey), /Ed25519/)
})

test('the log shows no secret, whoever logs one', () => {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  const log = pino(loggerOptions('info'), stream)
  log.info({ password: 'S3', token: 'S3', user: { password: 'S3' }, session_token: 'S3' }, 'x')
  log.info({ req: { headers: { cookie: 'S3', authorization: 'S3', 'session-token': 'S3' } } }, 'x')
  assert.doesNotMatch(text, /S3/)
})

test('a route that does not say who may call it does not start', async () => {
  const app = Fastify()
  await app.register(access, {
    identify: async () => undefined,
    licensing: {} as never,
    internalCalls: {} as never,
    accessUrl: 'https://cde.example',
    clock: Date.now,
  })
  assert.throws(() => app.get('/open', async () => 'x'), /declares no permission/)
  const config = { permission: 'account:read' } as const
  assert.throws(() => app.post('/open', { config }, async () => 'x'), /declares no audit action/)
})

async function environment(t: Parameters<typeof temporaryDirectory>[0]): Promise<Record<string, string>> {
  const directory = await temporaryDirectory(t)
  const file = async (name: string, text: string) => {
    await writeFile(join(directory, name), text)
    return join(directory, name)
  }
  const pem = () => generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }) as string
  return {
    PGHOST: 'db',
    PGUSER: 'cde',
    PGDATABASE: 'cde',
    PGPASSWORD_FILE: await file('pg', 'secret\n'),
    TICKET_KEY_FILE: await file('ticket', 'key'),
    LICENSE_KEYS_FILE: await file('keys', pem() + pem()),
    ACCESS_URL: 'https://cde.example',
    MODE: 'airgapped',
    WORKSPACE_NAMESPACE: 'cde',
    WORKSPACE_IMAGE: 'r/ws@sha256:0',
    WORKSPACE_PULL_SECRETS: 'one, two,',
    WORKSPACE_STORAGE_CLASS: '',
  }
}

test('the environment is read, and empty means not set', async (t) => {
  const read = readEnvironment(await environment(t))
  assert.equal(read.port, 8080)
  const { password } = read.database
  assert.equal(typeof password === 'function' && password(), 'secret')
  assert.equal(read.database.ca, undefined)
  assert.equal(read.licenseKeys.length, 2)
  assert.deepEqual(read.workspace.pullSecrets, ['one', 'two'])
  assert.equal(read.workspace.storageClass, undefined)
  assert.deepEqual(read.workspace.proxy, {})
  assert.deepEqual(splitPem('nothing'), [])
})

test('the mode is what is seen: images that do not come from where they are published are air-gapped', async (t) => {
  const good = await environment(t)
  const image = (host: string, name: string) => `${host}/cde/${name}:1@sha256:${'a'.repeat(64)}`
  const vendor = 'registry.vendor.example'
  const published = {
    MODE: 'connected',
    PUBLISHED_AT: `https://${vendor}/cde`,
    MANAGER_IMAGE: image(vendor, 'manager'),
    WORKSPACE_IMAGE: image(vendor, 'workspace'),
  }
  const seen = (change: Record<string, string>) => modeOf(readEnvironment({ ...good, ...published, ...change }).running)
  assert.equal(seen({}), 'connected')
  assert.equal(seen({ MODE: 'restricted' }), 'restricted')
  for (const change of [
    { MODE: 'airgapped' },
    { MANAGER_IMAGE: image('10.0.0.5:5000', 'manager') },
    { WORKSPACE_IMAGE: image('10.0.0.5:5000', 'workspace') },
    { WORKSPACE_IMAGE: image(`${vendor}.mirror.example`, 'workspace') },
    { WORKSPACE_IMAGE: image(`${vendor}:5000`, 'workspace') },
    { WORKSPACE_IMAGE: `${vendor}/mirror/cde/workspace:1` },
    { MANAGER_IMAGE: '' },
    { PUBLISHED_AT: '' },
    { PUBLISHED_AT: 'https://' },
  ])
    assert.equal(seen(change), 'airgapped', JSON.stringify(change))
})

test('a bad environment is named by its variable and never by its content', async (t) => {
  const good = await environment(t)
  for (const [name, value] of [
    ['PGHOST', ''],
    ['PORT', '99999'],
    ['PGPORT', 'x'],
    ['MODE', 'air'],
    ['ACCESS_URL', 'cde'],
    ['PGPASSWORD_FILE', '/nowhere'],
    ['LICENSE_KEYS_FILE', ''],
    ['WORKSPACE_TOLERATIONS', '{}'],
    ['TRUSTED_PROXIES', '10.0.0.0/40'],
    ['WORKSPACE_HTTPS_PROXY', 'proxy.example.com'],
  ] as const)
    assert.throws(() => readEnvironment({ ...good, [name]: value }), new RegExp(name))
})
