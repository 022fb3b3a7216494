import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { lookAround, type PodFacts, type PodQuestions } from '../../../../installer/src/cluster/pod-program.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { certificate, writeKey } from '../checks/certificates.ts'

/** The program as a pod runs it, here. */
async function looked(t: TestContext, questions: PodQuestions): Promise<PodFacts> {
  const out = join(await temporaryDirectory(t), 'last-words')
  await promisify(execFile)(process.execPath, lookAround(questions, out).slice(1))
  const text = await readFile(out, 'utf8')
  assert.ok(Buffer.byteLength(text) <= 4096, 'what a kubelet takes')
  return JSON.parse(text)
}

async function port(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

test('a pod tells names, control groups and limits of its node, and whether it is answered', async (t) => {
  const open = await port(
    t,
    createServer((_, response) => response.writeHead(401).end()),
  )
  const facts = await looked(t, {
    names: ['localhost', 'nobody.invalid'],
    registry: `http://127.0.0.1:${open}/v2/`,
    api: 'https://127.0.0.1:1/version',
  })
  const [local, nobody] = facts.names
  assert.match(local?.addresses.join() ?? '', /127\.0\.0\.1|::1/)
  assert.deepEqual(nobody?.addresses, [])
  assert.deepEqual(facts.registry, { status: 401 })
  assert.match(facts.api.error ?? '', /ECONNREFUSED/)
  assert.ok((facts.inotify.instances ?? 0) > 0 && (facts.inotify.watches ?? 0) > 0)
})

test("the registry's certificate counts for a pod, also with a long file of CAs; that of the API server does not", async (t) => {
  const [root, other] = [await certificate('root'), await certificate('other')]
  const own = await certificate('registry', { by: root, names: ['localhost'] })
  const file = join(await temporaryDirectory(t), 'key')
  await writeKey(own, file)
  const answer = createTlsServer({ cert: own.pem, key: await readFile(file) }, (_, response) => response.end())
  const at = await port(t, answer)
  const questions = { names: [], registry: `https://localhost:${at}/v2/`, api: `https://localhost:${at}/version` }
  // more than one argument of a program may have
  const many = `${other.pem.repeat(200)}${root.pem}`
  assert.ok(many.length > 128 * 1024)
  const trusting = await looked(t, { ...questions, registryCa: many })
  assert.deepEqual(trusting.registry, { status: 200 })
  assert.deepEqual(trusting.api, { status: 200 })
  for (const registryCa of [other.pem, undefined]) {
    const { registry } = await looked(t, { ...questions, registryCa })
    assert.match(registry.error ?? '', /certificate.*\(?[A-Z_]+/)
    assert.equal(registry.status, undefined)
  }
})
