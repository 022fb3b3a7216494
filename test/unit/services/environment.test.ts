import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { glob, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readEnvironment as dashboard } from '../../../services/dashboard/environment.ts'
import { readEnvironment as envproxy } from '../../../services/envproxy/environment.ts'
import { readEnvironment as ingress } from '../../../services/ingress/environment.ts'
import { readEnvironment as manager } from '../../../services/manager/environment.ts'
import { readEnvironment as workspace } from '../../../services/workspace/environment.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

const services = { dashboard, envproxy, ingress, manager, workspace }
const folder = join(import.meta.dirname, '../../../services')

/** What has to be set; `key` is a file that can be read. */
const needed = (key: string): NodeJS.ProcessEnv => ({
  WATCH_NAMESPACE: 'cde',
  ACCESS_URL: 'https://cde.example.com',
  PGHOST: 'db',
  PGUSER: 'cde',
  PGDATABASE: 'cde',
  PGPASSWORD_FILE: key,
  TICKET_KEY_FILE: key,
  LICENSE_KEYS_FILE: key,
  OIDC_ISSUER: 'https://login.example.com',
  OIDC_CLIENT_ID: 'cde',
  OIDC_CLIENT_SECRET_FILE: key,
  WORKSPACE_NAMESPACE: 'cde',
  WORKSPACE_IMAGE: 'registry.example.com/cde/workspace:1',
})

const numbers = ['ten', '-1', '1.5', '1e3', '0x10', 'NaN', 'Infinity', '10s', '8080 8081', '99999999999999999999']
const kinds: { calls: RegExp; garbage: string[] }[] = [
  { calls: /\b(?:number|port)\('([A-Z_]+)'/g, garbage: numbers },
  {
    calls: /\b(?:url|optionalUrl)\('([A-Z_]+)'/g,
    garbage: ['cde', 'cde.example.com:443', 'file:///etc/passwd', 'https://'],
  },
  { calls: /\b(?:file|optionalFile)\('([A-Z_]+)'/g, garbage: ['/no/such/file'] },
  { calls: /\b(?:oneOf)\('([A-Z_]+)'/g, garbage: ['other'] },
  { calls: /\blogLevel\(()\)/g, garbage: ['loud'] },
]

for (const [name, read] of Object.entries(services))
  test(`garbage in a variable of ${name} is an error that names it, and an empty one counts as not set`, async (t) => {
    const key = join(await temporaryDirectory(t), 'key')
    await writeFile(key, 'content')
    const source = await readFile(join(folder, name, 'environment.ts'), 'utf8')
    let tried = 0
    for (const { calls, garbage } of kinds)
      for (const [, found] of source.matchAll(calls)) {
        const variable = found || 'LOG_LEVEL'
        for (const value of garbage)
          assert.throws(
            () => read({ ...needed(key), [variable]: value }),
            new RegExp(`\\b${variable}\\b`),
            `${variable}=${value}`,
          )
        tried += 1
      }
    assert.ok(tried >= 2, 'no variables were found')
    assert.doesNotThrow(() => read({ PORT: '', LOG_LEVEL: ' ', MAX_SESSIONS: '', DRAIN_SECONDS: '', ...needed(key) }))
  })

test('a limit is at least one', () => {
  for (const name of ['MAX_SESSIONS', 'MAX_SESSIONS_PER_USER'])
    assert.throws(() => envproxy({ [name]: '0' }), new RegExp(name))
  for (const PORT of ['65536', '100000']) assert.throws(() => envproxy({ PORT }), /PORT/)
})

test('keys that are none keep the agent from starting', () => {
  for (const TICKET_KEYS of ['{', 'null', '[]', '{"keys":1}'])
    assert.throws(() => workspace({ TICKET_KEYS }), /TICKET_KEYS is not a JSON Web Key Set/)
})

test('no service reads its environment elsewhere', async () => {
  for await (const file of glob('*/**/*.ts', { cwd: folder })) {
    if (/^(dev|dashboard\/web)\//.test(file)) continue
    const text = (await readFile(join(folder, file), 'utf8')).replaceAll(
      /(?:read|shell)Environment\(process\.env\b/g,
      '',
    )
    assert.doesNotMatch(text, /process\.env\b/, file)
  }
})

for (const name of Object.keys(services))
  test(`${name} does not start with a port that is none`, async () => {
    const env = { PATH: process.env.PATH, ...needed('/dev/null'), PORT: 'x', HEALTH_PORT: 'x' }
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) =>
      execFile(process.execPath, [join(folder, name, 'server.ts')], { env, timeout: 60_000 }, (error, _out, stderr) =>
        resolve({ code: error?.code, stderr }),
      ),
    )
    assert.equal(code, 1)
    assert.match(stderr, /PORT is not a whole number from 0 to 65535/)
  })
