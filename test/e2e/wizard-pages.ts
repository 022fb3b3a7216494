import assert from 'node:assert/strict'
import { join } from 'node:path'
import { connect } from 'node:tls'
import type { Page } from 'playwright-core'
import { grave } from '../integration/axe.ts'
import { picture } from '../integration/dashboard/browser.ts'
import { type DemoGround, devUrlsHost, host } from '../lab/demo-ground.ts'
import type { Wizard } from '../lab/demo-wizard.ts'

/** Someone who installs in a browser: what each page is given, and looked at. */
export function operatorAt(page: Page, shots: string) {
  const heading = (name: string) => page.getByRole('heading', { level: 1, name }).waitFor()
  const field = (pointer: string) => page.locator(`#answer${pointer.replaceAll('/', '-')}`)
  const pressed = (name: string) => page.getByRole('button', { name, exact: true }).click()
  return {
    heading,
    field,
    pressed,
    /** The page in both themes, and nothing grave for people who use it with other means. */
    async look(name: string): Promise<void> {
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme })
        await picture(page, join(shots, `${name}-${colorScheme}`))
      }
      assert.deepEqual(await grave(page), [], name)
    },
    /** Goes on from a page whose looks may find something that a later step mends. */
    async goOn(button: string, next: string): Promise<void> {
      await pressed(button)
      const title = page.getByRole('heading', { level: 1, name: next })
      const anyway = page.getByRole('button', { name: 'Continue anyway' })
      await title.or(anyway).first().waitFor()
      if (await anyway.isVisible()) await anyway.click()
      await title.waitFor()
    },
  }
}

/**
 * Answers every page from the first to the checks, as a person types and uploads. The bundle is served from the wizard, at
 * the address `registry`; returns the file of the CA that it made.
 */
export async function answerPages(page: Page, { files, site }: DemoGround, registry: string): Promise<string> {
  const { heading, field, look, goOn, pressed } = operatorAt(page, 'wizard')
  await heading('The bundle, and whom to trust')
  await field('/bundle').fill(files.bundle)
  await page.getByLabel('Trusted keys').first().fill(files.trust)
  await page.getByLabel('Trusted keys').first().blur()
  await page.getByText('signed by').waitFor()
  await look('1-bundle')
  await goOn('Continue to license', 'The license')

  await field('/license').fill(files.free)
  await pressed('Continue to internet access')
  await page.getByText('LICENSE_AIRGAP').first().waitFor()
  await look('2-license-refused')
  await field('/license').fill(files.paid)
  await field('/license').blur()
  await page.getByText('included', { exact: true }).waitFor()
  await look('2-license')
  await goOn('Continue to internet access', 'Internet access of this site')
  await look('3-mode')
  await goOn('Continue to cluster', 'The cluster')

  await page.getByLabel('Kubeconfig, a file of this computer').setInputFiles(site.kubeconfig)
  await page.getByText('Kubernetes', { exact: true }).waitFor()
  await look('4-cluster')
  await goOn('Continue to registry', 'The registry')

  await field('/registry/address').fill(registry)
  await pressed('Serve from this file')
  await page
    .getByRole('region', { name: 'Serving the bundle' })
    .getByText(/^kill \d+$/)
    .waitFor({ timeout: 120_000 })
  await page.getByRole('region', { name: 'What the registry answers' }).getByText('Good', { exact: true }).waitFor()
  const caFile = await field('/registry/caFile').inputValue()
  // the nodes are somebody else's work
  await site.trust(registry, caFile)
  await look('5-registry')
  await goOn('Continue to names and certificates', 'Names and certificates')

  await field('/host').fill(host)
  await field('/devUrlsHost').fill(devUrlsHost)
  await look('6-names')
  await goOn('Continue to storage and database', 'Storage and database')
  await look('7-data')
  await goOn('Continue to sizes', 'How many people')
  await field('/people').fill('25')
  await field('/people').blur()
  await look('8-sizes')
  await goOn('Continue to checks', 'Checks before anything changes')
  return caFile
}

/** The fingerprint of the certificate that answers there, as the operator compares it. */
export async function fingerprintAt({ url }: Wizard): Promise<string | undefined> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false })
  try {
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
    return socket.getPeerCertificate().fingerprint256
  } finally {
    socket.destroy()
  }
}
