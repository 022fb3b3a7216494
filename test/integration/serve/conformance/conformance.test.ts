import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { createTokens } from '../../../../installer/src/serve/token.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { servedSite } from '../../../unit/installer/serve/site.ts'
import { obstacle, suiteBinary } from './suite.ts'

const auth = { username: 'site', password: 'p:w' }

/** Runs the suite's part for registries that are only read, and returns its report by the names of its tests. */
async function conformance(t: TestContext, more: Record<string, string>): Promise<Map<string, string[]>> {
  const directory = await temporaryDirectory(t)
  const env = {
    PATH: process.env.PATH,
    // its files fail for read-only registries (it looks for data that was never pushed), so it gets no place for them
    OCI_RESULTS_DIR: '/dev/null',
    OCI_VERSION: '1.1',
    OCI_API_PUSH: 'false',
    OCI_API_BLOBS_DELETE: 'false',
    OCI_API_MANIFESTS_DELETE: 'false',
    OCI_API_TAGS_DELETE: 'false',
    // for manifests the suite looks for the header in an answer that it has not kept
    OCI_API_BLOBS_DIGEST_HEADER: 'true',
    ...more,
  }
  // it ends with 0 even where a test fails: what counts is what it prints
  const { stdout } = await promisify(execFile)(await suiteBinary(), [], { env, cwd: directory, timeout: 120_000 })
  const report = new Map<string, string[]>()
  for (const [, name = '', result = ''] of stdout.matchAll(/^ *OCI Conformance Test(\S*(?: \S+)*): (\w+)$/gm))
    report.set(name, [...(report.get(name) ?? []), result])
  return report
}

for (const tokens of [undefined, createTokens()])
  test(`the OCI conformance suite passes for pull and content discovery, with a login by ${tokens ? 'token' : 'password'}`, async (t) => {
    const missing = await obstacle()
    // in CI nothing may be left out
    if (missing && !process.env.CI) return t.skip(missing)
    const site = await servedSite(t, { auth, ...(tokens ? { tokens } : {}) })
    const ca = join(await temporaryDirectory(t), 'ca.crt')
    await writeFile(ca, site.caPem)
    const report = await conformance(t, {
      SSL_CERT_FILE: ca,
      OCI_REGISTRY: site.host,
      OCI_REPO1: 'cde/manager',
      OCI_USERNAME: auth.username,
      OCI_PASSWORD: auth.password,
      OCI_RO_DATA_TAGS: '0.1.0 latest',
      OCI_RO_DATA_MANIFESTS: `${site.manager.digest} ${site.signature.digest}`,
      OCI_RO_DATA_BLOBS: site.base.digest,
      OCI_RO_DATA_REFERRERS: site.manager.digest,
    })
    const passed = (name: string, times = 1) =>
      assert.deepEqual(
        report.get(name),
        Array(times).fill('Pass'),
        `${name} in ${JSON.stringify([...report], null, 1)}`,
      )
    for (const name of ['', '/ping', '/missing-manifest', '/invalid-digest-format/manifest-get']) passed(name)
    for (const name of ['tag-list', 'head/blob-head', 'pull/blob-get', 'referrers']) passed(`/read-only/${name}`)
    for (const name of [
      'head/manifest-head-by-tag',
      'head/manifest-head-by-digest',
      'pull/manifest-by-tag',
      'pull/manifest-by-digest',
    ])
      passed(`/read-only/${name}`, 2)
    for (const [name, results] of report) for (const result of results) assert.match(result, /^(Pass|Disabled)$/, name)
  })
