import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import type { CompleteAnswers } from '../../../../installer/src/answers/schema.ts'
import { createAuthority } from '../../../../installer/src/certificates/issue.ts'
import { permits } from '../../../../installer/src/certificates/name-constraints.ts'
import { createContext } from '../../../../installer/src/install/context.ts'
import { reporterOf } from '../../../../installer/src/install/events.ts'
import { issueCertificate } from '../../../../installer/src/install/own-certificate.ts'
import { secretsStage } from '../../../../installer/src/install/stages/secrets.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'

type Secrets = Record<string, Record<string, string>>

/** An installation of its own state directory, into a cluster that is nothing but Secrets. */
async function site(t: TestContext, secrets: Secrets = {}) {
  const stateDir = await temporaryDirectory(t)
  const license = join(stateDir, 'license')
  await writeFile(license, 'a license')
  const cluster = {
    find: (_: string, ask: () => unknown) => ask(),
    request: (_: string, ask: () => unknown) => ask(),
    core: {
      async readNamespacedSecret({ name }: { name: string }) {
        const values = Object.entries(secrets[name] ?? {})
        return name in secrets
          ? { data: Object.fromEntries(values.map(([key, value]) => [key, Buffer.from(value).toString('base64')])) }
          : undefined
      },
    },
    objects: {
      async patch({ metadata, data }: { metadata: { name: string }; data: Record<string, string> }) {
        const values = Object.entries(data)
        secrets[metadata.name] = Object.fromEntries(
          values.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
        )
      },
    },
  }
  const answers = { namespace: 'cde', host: 'cde.example', license, registry: {} } as CompleteAnswers
  const withAnswers = (more: Partial<CompleteAnswers>) => ({
    ...createContext({ ...answers, ...more }, { stateDir } as never, new AbortController().signal, []),
    cluster: () => cluster as never,
  })
  return {
    secrets,
    stateDir,
    async run(more: Partial<CompleteAnswers> = {}) {
      const context = withAnswers(more)
      if (!(await secretsStage.needed(context))) return 'nothing to do'
      await secretsStage.run(
        context,
        reporterOf('secrets', () => {}),
      )
      const { 'tls.crt': crt = '', 'ca.crt': ca = '' } = secrets['cde-tls'] ?? {}
      assert.ok(new X509Certificate(crt).verify(new X509Certificate(ca).publicKey))
      assert.equal(secrets['cde-ca']?.['ca.crt'], ca)
      return ca
    },
  }
}

test("the CA's key reaches no Secret: it is in the state directory, for its owner alone", async (t) => {
  const { secrets, stateDir, run } = await site(t)
  const ca = await run()
  const key = await readFile(join(stateDir, 'ca.key'), 'utf8')
  assert.equal((await stat(join(stateDir, 'ca.key'))).mode & 0o777, 0o600)
  assert.match(key, /BEGIN PRIVATE KEY/)
  assert.equal(ca, await readFile(join(stateDir, 'ca.crt'), 'utf8'))
  assert.deepEqual(Object.keys(secrets).sort(), ['cde-ca', 'cde-license', 'cde-tls'])
  const body = key.split('\n')[1] as string
  assert.ok(!JSON.stringify(secrets).includes(body))
  assert.equal(await run(), 'nothing to do')
})

test('a site that gets another name has another CA, one that loses its certificate or a name keeps it', async (t) => {
  const { secrets, run } = await site(t)
  const first = await run()
  assert.equal(permits(first, ['cde.example']), true)
  assert.equal(permits(first, ['bank.example']), false)
  delete secrets['cde-tls']
  assert.equal(await run(), first)
  const second = await run({ devUrlsHost: 'dev.example' })
  assert.notEqual(second, first)
  assert.equal(permits(second, ['cde.example', '*.dev.example']), true)
  assert.equal(await run(), 'nothing to do')
  assert.equal(await run({ devUrlsHost: 'dev.cde.example' }), second)
})

test('a certificate by a CA that could sign for anybody is replaced, and the CA with it', async (t) => {
  const { secrets, stateDir, run } = await site(t)
  const [crt, key] = [join(stateDir, 'ca.crt'), join(stateDir, 'ca.key')]
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', crt]
  await promisify(execFile)('openssl', ['req', '-x509', '-subj', '/CN=wide', '-days', '3650', ...made])
  const wide = { certificate: await readFile(crt, 'utf8'), key: await readFile(key, 'utf8') }
  const leaf = await issueCertificate(wide, ['cde.example'])
  secrets['cde-tls'] = { 'tls.crt': leaf.certificate, 'tls.key': leaf.key, 'ca.crt': wide.certificate }
  assert.equal(permits(await run(), ['bank.example']), false)
})

test('a CA that cannot be read is named, not replaced', async (t) => {
  const { stateDir, run } = await site(t)
  for (const name of ['ca.crt', 'ca.key']) await writeFile(join(stateDir, name), 'damaged')
  await assert.rejects(run(), { code: 'STORAGE_STATE' })
})

test('the password and the CA of a database of the site become a secret, again when they change', async (t) => {
  const { secrets, stateDir, run } = await site(t)
  const [passwordFile, caFile] = [join(stateDir, 'password'), join(stateDir, 'db-ca.crt')]
  await writeFile(passwordFile, 'geheim\n')
  const { certificate: ca } = await createAuthority('a.example', ['a.example'], {
    from: new Date(0),
    to: new Date(8e12),
  })
  await writeFile(caFile, ca)
  const database = { host: 'db.site.example', passwordFile, caFile }
  await run({ database })
  assert.deepEqual(secrets['cde-database'], { password: 'geheim', 'ca.crt': ca })
  assert.equal(await run({ database }), 'nothing to do')
  await writeFile(passwordFile, 'another')
  await run({ database })
  assert.equal(secrets['cde-database']?.password, 'another')
  await assert.rejects(run({ database: { ...database, passwordFile: join(stateDir, 'none') } }), {
    code: 'USAGE_ANSWERS',
    message: /database\.passwordFile/,
  })
})
