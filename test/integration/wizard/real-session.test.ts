import assert from 'node:assert/strict'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { issueLicense } from '@sealift/bundle-spec/license.ts'
import type { Page } from 'playwright-core'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { openWeb } from '../../../installer/src/wizard/https/server.ts'
import { openSession } from '../../../installer/src/wizard/session.ts'
import { wizardAssets } from '../../../installer/wizard/assets.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { claims, smallRelease } from '../../fixtures/release.ts'
import { fakeWork } from '../../unit/installer/wizard/fake-work.ts'
import { noBrowser, openTab } from '../dashboard/browser.ts'

// the certificate is one that people compare, not one that browsers know
const trusting = ['--ignore-certificate-errors']
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name })

/** The session of a directory with its door for browsers; only the work is played. */
async function opened(t: TestContext, directory: string, finish?: () => Promise<void>) {
  const session = await openSession(directory, { work: fakeWork(finish) })
  const web = await openWeb(session, { listen: { host: '127.0.0.1', port: 0 }, assets: await wizardAssets() })
  t.after(() => session.close())
  return { session, web, link: async () => (await web.invite()).url }
}

test('from a real bundle to the end over HTTPS, through another process, with the answers of before', {
  skip: noBrowser,
}, async (t) => {
  const [directory, site] = [await temporaryDirectory(t), await temporaryDirectory(t)]
  const { options, trust, licenseKey } = await smallRelease(site)
  await buildBundle(options)
  await writeFile(join(site, 'vendor.pub'), trust[0] ?? '')
  const free = { tier: 'free', features: { airgap: false, seats: 5 } } as const
  await writeFile(join(site, 'free.license'), await issueLicense(claims(free), licenseKey))
  await writeFile(join(site, 'paid.license'), await issueLicense(claims(), licenseKey))

  const before = await opened(t, directory)
  const { page, complaints, hosts } = await openTab(t, 'light', trusting)
  const link = await before.link()
  await page.goto(link)
  await page.getByLabel(/^Bundle/).fill(options.out)
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Upload Trusted keys' }).click()
  await (await chooser).setFiles(join(site, 'vendor.pub'))
  await page.getByText('cde 0.1.0').waitFor()
  await page.getByRole('button', { name: 'Continue to license' }).click()
  await heading(page, 'The license').waitFor()
  await page.getByLabel('License', { exact: true }).fill(join(site, 'free.license'))
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('region', { name: 'air-gapped' }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Continue anyway' }).count(), 0)
  await page.getByLabel('License', { exact: true }).fill(join(site, 'paid.license'))
  await page.getByRole('button', { name: 'Continue' }).click()
  await heading(page, 'Internet access of this site').waitFor()
  const uploaded = join(directory, 'uploads')
  assert.equal((await stat(uploaded)).mode & 0o777, 0o700)

  const other = await openTab(t, 'dark', trusting)
  await other.page.goto(link)
  await other.page.getByRole('alert').getByText('SESSION_TOKEN').waitFor()
  await other.page.goto('about:blank')
  await other.page.goto(await before.link())
  await other.page.getByText('Browser at 127.0.0.1 steers this installation.').waitFor()

  await before.session.close()
  await page.getByText('The machine does not answer.').waitFor()
  const after = await opened(t, directory)
  await page.goto('about:blank')
  await page.goto(await after.link())
  await heading(page, 'Internet access of this site').waitFor()
  await page.getByRole('button', { name: /^Bundle and trust/ }).click()
  assert.equal(await page.getByLabel(/^Bundle/).inputValue(), options.out)
  await page.getByRole('button', { name: 'Registry', exact: true }).click()
  await page.getByLabel('Address', { exact: true }).fill('127.0.0.1:1')
  await page.getByRole('button', { name: 'Names and certificates', exact: true }).click()
  await page.getByLabel('Host name', { exact: true }).fill('cde.site.example')
  await page.getByRole('button', { name: 'Checks', exact: true }).click()
  await page.getByRole('button', { name: 'Run the checks' }).click()
  await page.getByText('1 holds').waitFor()
  await page.getByRole('button', { name: 'Continue to review' }).click()
  const yaml = page.getByRole('region', { name: 'answers.yaml' })
  await yaml.getByText('host: cde.site.example').waitFor()
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Export' }).click()
  assert.equal(await readFile(await (await download).path(), 'utf8'), await yaml.textContent())
  await page.getByRole('button', { name: 'Install' }).click()
  await heading(page, 'The platform is installed').waitFor()
  await page.getByText('get secret cde-admin').waitFor()
  await page.getByRole('button', { name: 'Close the wizard' }).click()
  await heading(page, 'The wizard is closed').waitFor()
  await after.web.closed
  assert.deepEqual(complaints, [])
  assert.ok(
    [...hosts].every((host) => host === '' || host.startsWith('127.0.0.1:')),
    [...hosts].join(),
  )
})
