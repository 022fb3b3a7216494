import assert from 'node:assert/strict'
import { appendFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openSeedJournal } from '../../../../installer/src/seed/journal.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { blobOf, digestOf, failureOf, fakeRegistry, noise, sourceOf, storeFor } from '../registry/fake-registry.ts'
import { signedStates } from '../registry/profiles.ts'

const bytes = noise(6_000_000)
const blob = blobOf(bytes)
const chunks = { whole: 100_000, chunk: 1_000_000 }
const bundle = digestOf(Buffer.from('index'))

/** A source that ends as a killed process does: with nothing more, and no word of it. */
const dying = (at: number) => (offset: number) =>
  (async () => {
    async function* pieces() {
      let sent = offset
      for await (const piece of await sourceOf(bytes, 100_000)(offset)) {
        sent += piece.length
        if (sent > at) throw new Error('killed')
        yield piece
      }
    }
    return pieces()
  })()

async function halfSeeded(t: Parameters<typeof fakeRegistry>[0]) {
  const state = await temporaryDirectory(t)
  const fake = await fakeRegistry(t)
  const repository = `${fake.host}/cde/a`
  const open = () => openSeedJournal(state, fake.host, bundle)
  const first = await open()
  const error = await failureOf(
    storeFor(t, [fake], { chunks }).write(repository, blob, dying(3_500_000), { journal: first }),
  )
  assert.equal(error.message, 'killed')
  first.close()
  return { fake, repository, open, state, store: storeFor(t, [fake], { chunks }) }
}

test('a second run goes on inside the blob, at what the registry says that it has', async (t) => {
  const { fake, repository, open, store, state } = await halfSeeded(t)
  const kept = [...fake.uploads.values()][0]?.length ?? 0
  assert.ok(kept >= 3_000_000)
  // the registry has less than was noted: what counts is what it says
  fake.uploads.set('u1', bytes.subarray(0, 2_345_678))
  const journal = await open()
  const offsets: number[] = []
  const source = (offset: number) => {
    offsets.push(offset)
    return sourceOf(bytes, 100_000)(offset)
  }
  assert.equal(await store.write(repository, blob, source, { journal }), 'sent')
  assert.deepEqual(offsets, [2_345_678])
  assert.equal(journal.resumedBytes, 2_345_678)
  assert.deepEqual(fake.blobs.get(blob.digest), bytes)
  journal.close()
  assert.deepEqual(await readdir(state), [], 'a journal without open uploads is gone')
})

test('an upload that the registry has dropped starts again, and a finished blob is not sent', async (t) => {
  const { fake, repository, open, store } = await halfSeeded(t)
  fake.uploads.clear()
  const journal = await open()
  assert.equal(await store.write(repository, blob, sourceOf(bytes, 100_000), { journal }), 'sent')
  assert.equal(journal.resumedBytes, 0)
  assert.equal(await store.write(repository, blob, sourceOf(bytes, 100_000), { journal }), 'present')
  journal.close()
})

test('an upload whose last answer was lost starts again where the registry drops such uploads', async (t) => {
  const state = await temporaryDirectory(t)
  const fake = await fakeRegistry(t)
  signedStates(fake)
  const journal = await openSeedJournal(state, fake.host, bundle)
  const store = storeFor(t, [fake], { chunks })
  journal.advance(`${fake.host}/cde/a@${blob.digest}`, `${fake.origin}/v2/cde/a/blobs/uploads/u9?state=x&at=5`, 5)
  journal.close()
  const again = await openSeedJournal(state, fake.host, bundle)
  fake.uploads.set('u9', bytes.subarray(0, 1_500_000))
  assert.equal(await store.write(`${fake.host}/cde/a`, blob, sourceOf(bytes, 100_000), { journal: again }), 'sent')
  assert.deepEqual(fake.blobs.get(blob.digest), bytes)
  again.close()
})

test('a journal that names another host, or is cut or made up, changes nothing', async (t) => {
  const { fake, repository, open, state, store } = await halfSeeded(t)
  const other = await fakeRegistry(t)
  const [directory = ''] = await readdir(state)
  const file = join(state, directory, 'uploads.jsonl')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const entry = { blob: `${fake.host}/cde/a@${blob.digest}`, location: `${other.origin}/v2/cde/a/blobs/uploads/u1` }
  await writeFile(file, `not json\n{"blob":7}\n${JSON.stringify(entry)}\n`)
  await appendFile(file, '{"blob":"x@sha256:0')
  const journal = await open()
  assert.equal(await store.write(repository, blob, sourceOf(bytes, 100_000), { journal }), 'sent')
  assert.equal(journal.resumedBytes, 0)
  assert.deepEqual(other.seen, [], 'no byte goes to a host that a file names')
  journal.close()
})

test('two runs of the same seed at once are refused, and neither stands in the way of another seed', async (t) => {
  const state = await temporaryDirectory(t)
  const journal = await openSeedJournal(state, 'registry.example', bundle)
  await assert.rejects(openSeedJournal(state, 'registry.example', bundle, 300), { code: 'USAGE_LOCKED' })
  ;(await openSeedJournal(state, 'other.example', bundle)).close()
  journal.close()
  ;(await openSeedJournal(state, 'registry.example', bundle)).close()
})
