import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { issueLicense } from '@sealift/bundle-spec/license.ts'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { ownAddress } from '../../../installer/src/serve/own-address.ts'
import { freePort } from '../../fixtures/free-port.ts'
import { claims, smallRelease } from '../../fixtures/release.ts'
import { noBrowser, openTab } from '../dashboard/browser.ts'
import { answersOver, servedDirectory } from '../serve/served.ts'

const cli = new URL('../../../installer/src/cli/sealift.mjs', import.meta.url).pathname

/** Processes that one has started, by proc_pid_task(5). */
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

/** `sealift install` as an operator starts it, with a real bundle, and the page of its registry in Chromium. */
async function site(t: TestContext) {
  const directory = await servedDirectory(t, 'state/serve')
  const at = (name: string) => join(directory, name)
  const { options, trust, licenseKey } = await smallRelease(directory)
  await buildBundle(options)
  await writeFile(at('vendor.pub'), trust[0] as string)
  const free = { tier: 'free', features: { airgap: false, seats: 5 } } as const
  await writeFile(at('free.license'), await issueLicense(claims(free), licenseKey))
  await writeFile(at('bank.license'), await issueLicense(claims(), licenseKey))
  const start = async (...more: string[]) => {
    const words = [...more, '--state', at('state'), '--listen', '127.0.0.1:0', '--json']
    const child = spawn(process.execPath, [cli, 'install', ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exit = once(child, 'exit')
    t.after(async () => {
      child.kill()
      await exit
    })
    const [line] = await once(createInterface({ input: child.stdout }), 'line')
    /** Kills it and what it has left behind to end in order: nothing is in order then. */
    const kill = async () => {
      const pids = [child.pid as number, ...childrenOf(child.pid as number)]
      for (const pid of pids) process.kill(pid, 'SIGKILL')
      await exit
    }
    return { url: JSON.parse(line).url as string, kill }
  }
  const wizard = await start(options.out, '--trust', at('vendor.pub'), '--license', at('free.license'))
  const tab = await openTab(t, 'light', ['--ignore-certificate-errors'])
  const port = await freePort()
  const region = tab.page.getByRole('region', { name: 'Serving the bundle' })
  return {
    at,
    start,
    wizard,
    port,
    region,
    serve: region.getByRole('button', { name: 'Serve from this file' }),
    ...tab,
  }
}

test('one button serves the bundle; what serves outlives a wizard that is killed, and the next one finds it', {
  skip: noBrowser,
}, async (t) => {
  const { at, start, wizard, port, page, region, serve, complaints } = await site(t)
  await page.goto(wizard.url)
  await page.getByRole('button', { name: /^Registry/ }).click()
  const address = page.getByLabel('Address', { exact: true })
  const own = await ownAddress()
  if (own !== undefined) await page.locator(`#answer-registry-address[value="${own}:5000"]`).waitFor()
  await address.fill(`127.0.0.1:${port}`)
  await page.getByRole('button', { name: 'Test the registry' }).click()
  await page.getByText(/What helps: sealift serve .* --background/).waitFor()

  await serve.click()
  await region.getByText('LICENSE_AIRGAP').waitFor()
  await page.getByRole('button', { name: /^License/ }).click()
  await page.getByLabel('License', { exact: true }).fill(at('bank.license'))
  await page.getByRole('button', { name: /^Registry/ }).click()

  const taken = createServer().listen(port, '127.0.0.1')
  await once(taken, 'listening')
  await serve.click()
  await region.getByText('USAGE_LISTEN').waitFor()
  taken.close()
  await once(taken, 'close')

  await serve.click()
  const registry = page.getByRole('region', { name: 'What the registry answers' })
  await registry.getByText('Good').waitFor()
  await registry.getByText('2 of 2 are there').waitFor()
  await serve.waitFor({ state: 'detached' })
  const ca = page.getByLabel('CA', { exact: false }).first()
  assert.equal(await ca.inputValue(), at('state/serve/ca.crt'))
  assert.equal((await stat(at('state/serve/serve.log'))).mode & 0o777, 0o600)
  const pid = Number(/kill (\d+)/.exec((await region.textContent()) ?? '')?.[1])
  const served = { registry: `127.0.0.1:${port}`, ca: at('state/serve/ca.crt') }
  assert.ok(await answersOver(served, '/v2/_catalog'))

  await wizard.kill()
  assert.ok(await answersOver(served, '/v2/_catalog'), 'the wizard is dead, the registry is not')
  const again = await start()
  await page.goto('about:blank')
  await page.goto(again.url)
  await ca.fill('')
  await page.getByRole('button', { name: /^Test the registry/ }).click()
  await registry.getByText('Not good', { exact: true }).waitFor()
  await serve.click()
  await region.getByText(`already, by process ${pid}; nothing was changed`).waitFor()
  await registry.getByText('Good', { exact: true }).waitFor()
  assert.equal(await ca.inputValue(), at('state/serve/ca.crt'))
  assert.deepEqual(complaints, [])
})
