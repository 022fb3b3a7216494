import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { logIn, openTab, picture } from '../integration/dashboard/browser.ts'
import { stopServing } from '../integration/serve/served.ts'
import { type DemoGround, devUrlsHost, host, startGround } from '../lab/demo-ground.ts'
import { runSealift, startSealift } from '../lab/demo-sealift.ts'
import { steps } from '../lab/demo-step.ts'
import { startWizard, type Wizard } from '../lab/demo-wizard.ts'
import { type OnBorrowedLab, onBorrowedLab } from './borrowed-lab.ts'
import { answerPages, fingerprintAt, operatorAt } from './wizard-pages.ts'
import { terminalOf } from './wizard-terminal.ts'

/** The three faces of one installation, each on a real cluster. */
let ground: OnBorrowedLab<DemoGround>
let scratch: string
/** the answers as the browser exported them, and the CA of the registry that was served from it */
let exported: string
let caFile: string

before(
  async () => {
    scratch = await mkdtemp(join(tmpdir(), 'sealift-wizard-'))
    ground = await onBorrowedLab((options) => startGround(options, steps(options.log, false)))
  },
  { timeout: 30 * 60_000 },
)

after(async () => {
  await stopServing(servedFrom())
  await ground?.close()
  await rm(scratch, { recursive: true, force: true })
})

const stateOf = (name: string) => join(scratch, name)
const servedFrom = () => join(stateOf('web'), 'serve')

/** Ends what a test started, whatever became of it. */
const killed = (wizard: Wizard) => {
  wizard.child.kill('SIGKILL')
  return wizard.ended
}

async function uninstalled(): Promise<void> {
  const flags = [`--kubeconfig=${ground.site.kubeconfig}`, '--namespace=cde', '--delete-data', '--yes']
  const { exitCode, stderr, stdout } = await runSealift(['uninstall', ...flags])
  assert.equal(exitCode, 0, `${stdout}${stderr}`)
}

test('in a browser: from the first page to a login on the installed platform', async (t) => {
  const wizard = await startWizard([`--state=${stateOf('web')}`])
  t.after(() => killed(wizard))
  assert.equal((await fingerprintAt(wizard))?.replaceAll(':', ''), wizard.fingerprint.replaceAll(':', ''))
  const { page, complaints, hosts } = await openTab(t, 'light', ['--ignore-certificate-errors'])
  const { heading, look, pressed } = operatorAt(page, 'wizard')
  await page.goto(wizard.url)
  // nobody serves it there but the wizard
  await ground.served.stop()
  caFile = await answerPages(page, ground, ground.served.registry)

  await pressed('Run the checks')
  await page.getByRole('button', { name: 'Run again' }).waitFor({ timeout: 120_000 })
  await look('9-checks')
  await pressed('Continue to review')
  await heading('Review')
  await page.getByText(`host: ${host}`).waitFor()
  await look('10-review')
  exported = await page.evaluate(async () => await (await fetch('/api/answers.yaml')).text())
  await pressed('Install')
  await heading('Installation')
  await page
    .getByText(/Stage \d+ of \d+: Install the chart/)
    .first()
    .waitFor({ timeout: 120_000 })
  await look('11-progress')
  await page.getByRole('heading', { level: 1, name: 'The platform is installed' }).waitFor({ timeout: 180_000 })
  await look('12-done')
  await pressed('Close the wizard')
  assert.equal(await wizard.ended, 0, wizard.said())
  assert.deepEqual(complaints, [])
  assert.deepEqual([...hosts], [new URL(wizard.url).host], 'nothing was asked of another host')

  const address = await ground.site.ingressAddress()
  const password = await ground.site.secret('cde', 'cde-admin', 'password')
  const map = [`--host-resolver-rules=MAP ${host} ${address}`, '--ignore-certificate-errors']
  const { page: platform } = await openTab(t, 'light', map)
  await logIn(platform, `https://${host}/`, 'admin', password)
  await picture(platform, join('wizard', '13-login'))
})

test('begun in a browser, killed, joined in a terminal and finished there', async (t) => {
  await uninstalled()
  const answers = join(scratch, 'answers.yaml')
  await writeFile(answers, exported)
  const state = stateOf('killed')
  const wizard = await startWizard([`--state=${state}`, `--answers=${answers}`])
  t.after(() => killed(wizard))
  const { page } = await openTab(t, 'light', ['--ignore-certificate-errors'])
  const { pressed } = operatorAt(page, 'killed')
  await page.goto(wizard.url)
  await page.getByRole('navigation').getByText('Review').click()
  await pressed('Install')
  await page.getByText('Install the chart').first().waitFor({ timeout: 120_000 })
  await page
    .getByText(/Stage \d+ of \d+: Install the chart/)
    .first()
    .waitFor({ timeout: 120_000 })
  await killed(wizard)

  const terminal = await terminalOf(['--terminal', '--plain', `--state=${state}`])
  t.after(() => terminal.kill())
  await terminal.asked(/What now\?/)
  await terminal.answer('go on')
  await terminal.shows(/is installed: https:/, 180_000)
  assert.equal(await terminal.ended, 0)
})

test('in a terminal, from nothing: the same answers give the same file, and headless has nothing left to do', async (t) => {
  await uninstalled()
  const { files, served, site } = ground
  const written = join(scratch, 'terminal.yaml')
  const terminal = await terminalOf(['--terminal', '--plain', `--state=${stateOf('terminal')}`])
  t.after(() => terminal.kill())
  const typed: Record<string, string> = {
    Bundle: files.bundle,
    'Trusted keys': files.trust,
    License: files.paid,
    'Kubeconfig (optional)': site.kubeconfig,
    Address: served.registry,
    'CA (optional)': caFile,
    'Host name': host,
    'Host name of dev URLs (optional)': devUrlsHost,
    'People (optional)': '25',
    'That does not look right': 'go on',
    'The checks have passed': 'go on to the review',
    File: written,
  }
  const review = ['write these answers to a file', 'install']
  await terminal.goesOn((message) => (message === 'Install?' ? review.shift() : typed[message]) ?? '')
  await terminal.shows(/is installed: https:/, 180_000)
  assert.equal(await terminal.ended, 0, terminal.shown())
  // a browser's upload is kept in the session's directory
  const paths = (text: string) => text.replace(/^kubeconfig: .*$/m, 'kubeconfig: KUBECONFIG')
  assert.equal(paths(await readFile(written, 'utf8')), paths(exported))

  const again = await runSealift(['install', '--headless', `--answers=${written}`, `--state=${stateOf('terminal')}`])
  assert.equal(again.exitCode, 0, again.stderr)
  assert.match(again.stderr, /\[ok\] Install the chart: this release runs with these values/)
})

test('killed at every stage, one after the other, it ends the same', async () => {
  await uninstalled()
  const answers = join(scratch, 'answers.yaml')
  const flags = ['install', '--headless', `--answers=${answers}`, `--state=${stateOf('loop')}`, '--json']
  const ends = async () => {
    const { exitCode, stderr } = await runSealift(flags)
    assert.equal(exitCode, 0, stderr)
  }
  const survived: string[] = []
  for (;;) {
    const stage = await killedIn(flags, (one) => !survived.includes(one))
    if (stage === undefined) break
    survived.push(stage)
  }
  for (const stage of ['license', 'verify', 'preflight', 'registry', 'trial', 'deploy', 'smoke', 'receipt']) {
    if (survived.includes(stage)) continue
    // the blow meant for a short stage fell in this one, which Helm then brought to its end by itself
    await uninstalled()
    assert.equal(await killedIn(flags, (one) => one === stage), stage)
    await ends()
  }
  await ends()
  const receipt = await ground.site.kubectl('get', 'configmap', 'sealift-receipt', '--namespace=cde', '-o=json')
  assert.match(JSON.parse(JSON.parse(receipt).data['receipt.json']).site.host, /^cde/)
})

/** Runs the installer until it begins a stage that is wanted, and kills it there; undefined where it ends without. */
async function killedIn(flags: readonly string[], wanted: (stage: string) => boolean): Promise<string | undefined> {
  const child = await startSealift(flags)
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  let stage: string | undefined
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', async (line) => {
    const event = JSON.parse(line) as { type: string; stage: string }
    if (event.type !== 'stage-start' || stage !== undefined || !wanted(event.stage)) return
    stage = event.stage
    // somewhere within it
    await sleep(Math.random() * 800)
    child.kill('SIGKILL')
  })
  const code = await ended
  // it may have been over before the blow
  assert.ok(stage === undefined ? code === 0 : code === null || code === 0, `ended with ${code} in ${stage}`)
  return stage
}
