import { createCookieJar } from './cookie-jar.ts'
import type { Platform, Workspace } from './demo-user.ts'

/**
 * Opens the editor of a workspace as its owner's browser does: from its address to the site, which knows who is logged in,
 * and back with a ticket. Resolves with the address of its page; throws where that is not the editor's, at an origin of its own.
 */
export async function openEditor(platform: Platform, password: string, { editorUrl }: Workspace): Promise<string> {
  if (editorUrl === null) throw new Error('the site has no editors')
  const site = `https://${platform.host}${platform.port === 443 ? '' : `:${platform.port}`}`
  const browser = createCookieJar(platform)
  try {
    await browser.ask('POST', `${site}/auth/basic/login`, { body: { username: 'admin', password } })
    const steps = await browser.visit(editorUrl)
    const page = steps.at(-1)
    const path = steps.map(({ status, url }) => `${status} ${new URL(url).host}`).join(', ')
    if (page?.status !== 200 || !page.body.includes('vscode-workbench-web-configuration'))
      throw new Error(`this is not the editor: ${path}`)
    const { origin } = new URL(page.url)
    if (origin === site || origin !== new URL(editorUrl).origin) throw new Error(`the editor is at ${origin}: ${path}`)
    return page.url
  } finally {
    await browser.close()
  }
}
