import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../lab/command.ts'
import type { DemoSummary } from '../lab/demo.ts'
import { runSealift } from '../lab/demo-sealift.ts'

type Demo = Pick<DemoSummary, 'files' | 'site'>

/** What the installer says to answers that were right, but for one. */
export function testRefusedAnswers(demo: () => Demo): void {
  test('a cluster that cannot be reached is said to be so, with exit code 6', async () => {
    const answers = await answersWith(demo(), { kubeconfig: await brokenKubeconfig(demo()) })
    const { exitCode, stderr } = await runSealift(['install', '--headless', '--answers', answers])
    assert.equal(exitCode, 6, stderr)
    assert.match(stderr, /CLUSTER_UNREACHABLE/)
  })

  test('a registry that does not answer is said to be so, with exit code 5', async () => {
    const answers = await answersWith(demo(), { address: '127.0.0.1:9' })
    const { exitCode, stderr } = await runSealift(['install', '--headless', '--answers', answers])
    assert.equal(exitCode, 5, stderr)
    assert.match(stderr, /REGISTRY_UNREACHABLE/)
  })

  test('a registry with another CA is said to be so, with exit code 5', async () => {
    const ca = join(demo().files.bastion, 'other-ca.crt')
    await run('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-out',
      ca,
      '-subj',
      '/CN=other',
      '-days',
      '1',
    ])
    const { exitCode, stderr } = await runSealift([
      'install',
      '--headless',
      '--answers',
      await answersWith(demo(), { caFile: ca }),
    ])
    assert.equal(exitCode, 5, stderr)
    assert.match(stderr, /REGISTRY_TLS/)
  })
}

/** The demo's answers with one field changed, as a file of its own and with a state directory of its own. */
async function answersWith({ files }: Demo, changes: Record<string, string>): Promise<string> {
  let text = await readFile(files.answers, 'utf8')
  for (const [field, value] of Object.entries(changes))
    text = text.replace(new RegExp(`^(\\s*${field}:).*$`, 'm'), `$1 ${JSON.stringify(value)}`)
  const path = join(files.bastion, 'changed-answers.yaml')
  await writeFile(path, text)
  return path
}

async function brokenKubeconfig({ files, site }: Demo): Promise<string> {
  const path = join(files.bastion, 'broken-kubeconfig')
  const text = await readFile(site.kubeconfig, 'utf8')
  const server = /https:\/\/[^"\s]+/.exec(text)?.[0] as string
  await writeFile(path, text.replace(server, 'https://127.0.0.1:9'), { mode: 0o600 })
  return path
}
