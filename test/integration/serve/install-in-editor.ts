import type { Page } from 'playwright-core'

/** Looks for the extension of vsix.ts in an editor that is open, and installs it. */
export async function installInEditor(page: Page): Promise<void> {
  await page.getByRole('tab', { name: /^Extensions/ }).click()
  await page.locator('[data-uri="extensions:searchinput"]').click()
  await page.keyboard.type('hello')
  const found = page.getByRole('listitem', { name: /^Hello of Acme/ })
  // its own page has the button to take it away again
  await found.getByText('Hello of Acme').click()
  await found.getByRole('button', { name: 'Install', exact: true }).click()
  await page.getByRole('button', { name: 'Trust Workspace & Install' }).click()
  await page.getByRole('button', { name: 'Uninstall' }).first().waitFor()
}
