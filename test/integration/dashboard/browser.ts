import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

export const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Why browser tests cannot run here, or false. */
export const noBrowser: string | false = existsSync(chromiumPath) ? false : `there is no Chromium at ${chromiumPath}`

/** A page in a real Chromium with a profile of its own, and what it complained about. */
export type Tab = { page: Page; context: BrowserContext; complaints: string[]; hosts: Set<string> }

/** Opens a Chromium; it is closed after the test. */
export async function openTab(
  t: TestContext,
  colorScheme: 'light' | 'dark' = 'light',
  /** more of Chromium's command line */ more: readonly string[] = [],
): Promise<Tab> {
  const profile = await mkdtemp(join(tmpdir(), 'sealift-chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath,
    headless: true,
    colorScheme,
    reducedMotion: 'reduce',
    viewport: { width: 1180, height: 720 },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  })
  t.after(async () => {
    await context.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  const page = context.pages()[0] ?? (await context.newPage())
  const complaints: string[] = []
  const hosts = new Set<string>()
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    // a refused request is logged by Chromium itself; the tests look at what the page says about it
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text())
  })
  page.on('request', (request) => hosts.add(new URL(request.url()).host))
  page.setDefaultTimeout(10_000)
  return { page, context, complaints, hosts }
}

/** Logs in through the form; at the fake site nothing needs saying. */
export async function logIn(page: Page, url: string, name = 'admin', password = 'open sesame'): Promise<void> {
  await page.goto(url)
  await page.getByLabel('User name').fill(name)
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Workspaces', exact: true }).waitFor()
}

/** Keeps a picture when SEALIFT_SHOTS names a directory. */
export async function picture(page: Page, name: string): Promise<void> {
  const directory = process.env.SEALIFT_SHOTS
  if (directory === undefined) return
  await mkdir(directory, { recursive: true })
  await page.screenshot({ path: join(directory, `${name}.png`), fullPage: true })
}

/** Presses Tab until the focus is on what has this name. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 30; presses++) {
    await page.keyboard.press('Tab')
    const label = await page.evaluate(() => {
      const focused = document.activeElement as HTMLInputElement | null
      return focused?.getAttribute('aria-label') ?? focused?.labels?.[0]?.textContent ?? focused?.textContent
    })
    if (label === name) return
  }
  assert.fail(`Tab never reaches ${name}`)
}

/** What can be used on the page but has no name, or comes out of its turn when Tab is pressed. */
export async function nameless(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const name = (element: Element): string =>
      element.getAttribute('aria-label') ??
      ((element as HTMLInputElement).labels?.[0] ?? element).textContent?.trim() ??
      ''
    return [...document.querySelectorAll<HTMLElement>('a, button, input, select, textarea, dialog, [tabindex]')]
      .filter((element) => (name(element) === '' && !element.matches('main, .more-panel')) || element.tabIndex > 0)
      .map((element) => element.outerHTML.slice(0, 100))
  })
}
