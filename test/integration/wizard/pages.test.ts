import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import type { Page as WizardPage } from '../../../installer/src/wizard/view.ts'
import { pages } from '../../../installer/src/wizard/view.ts'
import { grave } from '../axe.ts'
import { nameless, noBrowser, openTab, picture } from '../dashboard/browser.ts'
import { answered, atTheEnd, checks, half, notServed, onTheWay, served, site } from './answered.ts'
import { fakeSession } from './fake-session.ts'

/** What can be used and is not all between the left and the right edge of the window. */
const outside = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('button, input:not([hidden]), select, textarea, summary, main a')]
      .filter((element) => {
        const { left, right, width } = element.getBoundingClientRect()
        return width > 0 && (left < 0 || right > innerWidth)
      })
      .map((element) => element.outerHTML.slice(0, 100)),
  )

/** Pixels between what is seen of two elements, one below the other. */
const between = (page: Page, above: string, below: string): Promise<number> =>
  page.evaluate(
    ([above, below]) => {
      const box = (selector = '') => (document.querySelector(selector) as Element).getBoundingClientRect()
      return box(below).top - box(above).bottom
    },
    [above, below],
  )

for (const scheme of ['light', 'dark'] as const)
  test(`every page can be read, fits a phone and loads nothing from elsewhere (${scheme})`, {
    skip: noBrowser,
  }, async (t) => {
    const session = await fakeSession(t, answered)
    Object.assign(session.looked, site)
    session.checks = checks
    const { page, complaints, hosts } = await openTab(t, scheme)
    await page.goto(session.url)
    await page.getByRole('heading', { level: 1 }).waitFor()
    const look = async (name: string): Promise<void> => {
      for (const width of [1180, 320]) {
        await page.setViewportSize({ width, height: 740 })
        await picture(page, `wizard-${name}-${width}-${scheme}`)
        const wide = await page.evaluate(() => document.documentElement.scrollWidth)
        assert.ok(wide <= width, `${name} is ${wide} pixels wide on a screen of ${width}`)
        assert.deepEqual(await outside(page), [], `${name} has something that no screen of ${width} shows`)
        if (width === 320)
          assert.ok((await between(page, '.steps', 'main h1')) < 40, `${name} has a hole above its title`)
      }
      assert.deepEqual(await grave(page), [], name)
      assert.deepEqual(await nameless(page), [], `${name} has something that no screen reader can name`)
    }
    const show = async (to: WizardPage): Promise<void> => {
      session.emit({ type: 'page', page: to })
      await page.locator(`[aria-current=step]`).filter({ hasText: '' }).first().waitFor({ state: 'attached' })
      await page.waitForFunction((hash) => location.hash === hash, `#${to}`)
    }
    for (const [name, looked] of Object.entries(site)) session.emit({ type: 'look', look: name as never, looked })
    for (const one of pages.slice(0, pages.indexOf('checks'))) {
      await show(one)
      await look(one)
    }
    await show('registry')
    const region = page.getByRole('region', { name: 'Serving the bundle' })
    for (const [name, serving, text] of [
      ['starting', half, '144 MB of 288 MB'],
      ['not-served', notServed, 'USAGE_LISTEN'],
      ['served', served, 'Process 4711 serves it'],
    ] as const) {
      session.emit({ type: 'serving', serving })
      await region.getByText(text).waitFor()
      await look(name)
    }
    await show('checks')
    await look('checks-before')
    session.emit({ type: 'checks', checks })
    await page.getByText('2 errors, 1 warning').waitFor()
    await look('checks')
    await show('review')
    await page.getByText('cde.site.example').first().waitFor()
    await look('review')
    session.emit({ type: 'checks', checks: checks.map((check) => ({ ...check, state: 'passed' })) })
    await page.getByText('Checks: 6 hold.').waitFor()
    await look('review-good')
    assert.ok((await between(page, '.summary', '.part h2')) >= 24, 'the parts of the review stand apart')
    for (const event of onTheWay(Date.now())) session.emit(event)
    await page.getByRole('heading', { name: 'Installation' }).waitFor()
    session.emit({ type: 'progress', stage: 'registry', done: 120_000_000, total: 288_000_000, unit: 'bytes' })
    await page.getByText('120 MB of 288 MB').waitFor()
    await page.getByText('Log, 2 lines, 1 warning').click()
    await look('progress')
    session.emit({
      type: 'stage-failed',
      stage: 'registry',
      ms: 5_000,
      code: 'REGISTRY_FULL',
      message: 'the disk of the registry is full',
    })
    session.emit({
      type: 'phase',
      phase: 'failed',
      failure: {
        code: 'REGISTRY_FULL',
        message: 'the disk of the registry is full',
        why: 'status 507',
        fix: 'make room there',
      },
    })
    session.emit({ type: 'page', page: 'progress' })
    await page.getByText('REGISTRY_FULL').waitFor()
    await look('failed')
    for (const event of atTheEnd) session.emit(event)
    await page.getByRole('heading', { name: 'The first login' }).waitFor()
    await look('done')
    assert.deepEqual(complaints, [])
    assert.deepEqual([...hosts], [new URL(session.url).host], 'pages load from nowhere else')
  })
