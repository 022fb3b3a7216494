import assert from 'node:assert/strict'
import { type ExecFileException, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { installed } from './installed.ts'

const cli = join(import.meta.dirname, '../../../../installer/src/cli/sealift.mjs')

async function site(t: TestContext) {
  const there = await installed(t)
  const home = await temporaryDirectory(t)
  const env = { ...process.env, XDG_STATE_HOME: home, NO_COLOR: '1' }
  const flags = ['--kubeconfig', there.fake.kubeconfig]
  const run = (...words: string[]) =>
    new Promise<{ exitCode: number; stdout: string; stderr: string }>((resolve) =>
      execFile(process.execPath, [cli, 'uninstall', ...flags, ...words], { env }, (error, stdout, stderr) =>
        resolve({ exitCode: Number((error as ExecFileException)?.code ?? 0), stdout, stderr }),
      ),
    )
  return { ...there, home, run }
}

test('without a terminal the plan is shown, nothing goes, and the command that asks nothing is named', async (t) => {
  const { run, calls, fake } = await site(t)
  const { exitCode, stdout, stderr } = await run('--delete-data')
  assert.equal(exitCode, 2)
  assert.match(stdout, /PersistentVolumeClaim: data-cde-postgres-17-0 \(10\.7 GB\), ws-one-home/)
  assert.match(stdout, /1 workspace, 1 running/)
  assert.match(stderr, /nothing was changed \[USAGE_UNCONFIRMED\]/)
  assert.ok(stderr.includes(`sealift uninstall --kubeconfig ${fake.kubeconfig} --delete-data --yes`))
  assert.ok(!calls.some((call) => call.startsWith('DELETE')))
})

test('with --yes it goes; a second run says that only the data is there, a third that there is nothing', async (t) => {
  const { run } = await site(t)
  const first = await run('--yes')
  assert.equal(first.exitCode, 0, first.stderr)
  assert.match(first.stdout, /uninstalled; 7 objects with its data stay in cde/)
  assert.match(
    first.stdout,
    /sealift answers show .*> answers\.yaml\n.*sealift install --headless --answers answers\.yaml/,
  )
  const second = await run()
  assert.deepEqual([second.exitCode, second.stderr], [0, ''])
  assert.match(second.stdout, /the data of an earlier installation is:.*--delete-data/s)
  const third = await run('--delete-data', '--yes', '--json')
  const documents = third.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual([documents[0].type, documents.at(-1).type, documents.at(-1).kept], ['plan', 'result', []])
  assert.equal(documents.at(-1).namespaceRemoved, true)
  const fourth = await run('--delete-data')
  assert.deepEqual([fourth.exitCode, fourth.stderr], [0, ''])
  assert.match(fourth.stdout, /^nothing of the platform is in namespace cde at http/)
})

test('on a terminal it asks for the name of the namespace; another word removes nothing', async (t) => {
  const { fake, calls, home } = await site(t)
  const command = [process.execPath, cli, 'uninstall', '--kubeconfig', fake.kubeconfig].join(' ')
  /** util-linux' script gives the command a terminal, at which `word` is typed. */
  const type = (word: string) =>
    new Promise<string>((resolve, reject) => {
      const child = spawn('script', ['-qec', command, '/dev/null'], { env: { ...process.env, XDG_STATE_HOME: home } })
      let shown = ''
      child.stdout.on('data', (chunk) => {
        shown += chunk
        if (String(chunk).includes('to go on:')) child.stdin.write(`${word}\n`)
      })
      child.once('error', reject).once('close', () => resolve(shown))
    })
  assert.match(await type('yes'), /nothing was changed \[USAGE_UNCONFIRMED\]/)
  assert.ok(!calls.some((call) => call.startsWith('DELETE')))
  assert.match(await type('cde'), /uninstalled; 7 objects with its data stay/)
})

test('the state directory is found by its receipt where another kubeconfig leads to the same cluster', async (t) => {
  const { run, home, connect } = await site(t)
  const directory = join(home, 'sealift/install/cde-0123456789ab')
  await mkdir(directory, { recursive: true })
  const receipt = { site: { server: connect().server, namespace: 'cde' } }
  await writeFile(join(directory, 'sealift-receipt.json'), JSON.stringify(receipt))
  const { exitCode, stdout, stderr } = await run('--delete-data', '--yes')
  assert.equal(exitCode, 0, stderr)
  assert.ok(stdout.includes(`journal and receipt are removed from ${directory}`))
  assert.ok(!existsSync(directory))
})
