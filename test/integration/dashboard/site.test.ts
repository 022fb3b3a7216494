import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pageNames } from '../../../services/dashboard/pages.ts'
import { grave } from '../axe.ts'
import { logIn, nameless, openTab, picture } from './browser.ts'
import { platform } from './platform.ts'

test('an admin adds a user, an organization with a quota, keys, and reads it all in the audit log', async (t) => {
  const { url, password } = await platform(t)
  const { page, complaints, hosts } = await openTab(t)
  await logIn(page, url, 'admin', password)

  await page.getByRole('link', { name: 'Users' }).click()
  await page.getByRole('button', { name: 'Add user' }).click()
  await page.getByLabel('Name').fill('Ada')
  await page.getByLabel('Password').fill('correct horse battery')
  await page.keyboard.press('Enter')
  const ada = page.getByRole('row', { name: 'ada' })
  await ada.waitFor()
  await page.getByLabel('Role of admin').selectOption('site-member')
  await page.getByRole('alert').getByText('This is the last site admin.').waitFor()
  await page.getByLabel('Role of ada').selectOption('site-auditor')
  await page.getByRole('alert').waitFor({ state: 'detached' })
  await picture(page, 'site-users')

  await page.getByRole('link', { name: 'Organizations' }).click()
  await page.getByRole('button', { name: 'Add organization' }).click()
  await page.getByLabel('Name').fill('yard')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Quota of yard' }).click()
  await page.getByRole('group', { name: 'All workspaces' }).getByLabel('Cores').fill('8')
  await page.getByRole('group', { name: 'Each workspace' }).getByLabel('Memory').fill('16')
  await picture(page, 'site-quota')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('row', { name: 'yard' }).getByText('0 of 8').waitFor()
  await page.getByRole('button', { name: 'Quota of yard' }).click()
  assert.equal(await page.getByRole('group', { name: 'Each workspace' }).getByLabel('Memory').inputValue(), '16')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Members of yard' }).click()
  const members = page.getByRole('dialog', { name: 'Members of yard' })
  await members.getByLabel('Login name').fill('nobody')
  await members.getByRole('button', { name: 'Save' }).click()
  await members.getByRole('alert').getByText('There is no active user nobody.').waitFor()
  await members.getByLabel('Login name').fill('ada')
  await members.getByLabel('Role').selectOption('organization-admin')
  await members.getByRole('button', { name: 'Save' }).click()
  await members.getByRole('listitem').getByText('organization-admin').waitFor()
  await picture(page, 'site-members')
  await members.getByRole('button', { name: 'Close' }).click()
  await picture(page, 'site-organizations')

  await page.getByRole('link', { name: 'admin', exact: true }).click()
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl laptop'
  await page.getByLabel('Public key').fill('ssh-ed25519 nonsense')
  await page.getByRole('button', { name: 'Add key' }).click()
  await page.getByRole('alert').waitFor()
  await page.getByLabel('Public key').fill(key)
  await page.getByRole('button', { name: 'Add key' }).click()
  await page.getByText('SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU').waitFor()
  await page.getByLabel('Name').fill('ci')
  await page.getByRole('button', { name: 'Make key' }).click()
  const token = (await page.getByRole('status').locator('code').textContent()) ?? ''
  const headers = { authorization: `Bearer ${token}` }
  assert.equal((await fetch(`${url}/api/v0/workspaces`, { headers })).status, 200)
  await picture(page, 'site-account')
  await page.getByRole('button', { name: 'Delete ci' }).click()
  await page.getByRole('button', { name: 'Delete ci' }).waitFor({ state: 'detached' })
  assert.equal((await fetch(`${url}/api/v0/workspaces`, { headers })).status, 401)

  await page.getByRole('link', { name: 'Audit' }).click()
  for (const action of ['user.create', 'user.change', 'organization.change', 'ssh-key.add', 'api-key.delete'])
    await page.getByRole('cell', { name: action }).first().waitFor()
  await picture(page, 'site-audit')
  assert.deepEqual(complaints, [])
  assert.deepEqual([...hosts], [new URL(url).host])

  const dark = await openTab(t, 'dark')
  await logIn(dark.page, url, 'ada', 'correct horse battery')
  await dark.page.getByRole('link', { name: 'Users' }).click()
  await dark.page.getByRole('row', { name: 'admin' }).waitFor()
  assert.equal(await dark.page.getByRole('button', { name: 'Add user' }).count(), 0, 'an auditor only looks')
  await dark.page.getByRole('link', { name: 'Organizations' }).click()
  await dark.page.getByRole('button', { name: 'Members of yard' }).click()
  await dark.page.getByRole('dialog').getByRole('button', { name: 'Remove ada' }).waitFor()
  await dark.page.getByLabel('Login name').fill('admin')
  await dark.page.getByRole('button', { name: 'Save' }).click()
  await dark.page.getByRole('button', { name: 'Remove admin' }).click()
  await dark.page.getByRole('button', { name: 'Remove admin' }).waitFor({ state: 'detached' })
  await dark.page.keyboard.press('Escape')
  await dark.page.getByRole('button', { name: 'Members of default' }).click()
  await dark.page.getByRole('dialog').getByText('ada', { exact: true }).waitFor()
  assert.equal(await dark.page.getByRole('button', { name: 'Remove ada' }).count(), 0, 'there ada is no admin')
  await dark.page.keyboard.press('Escape')
  await dark.page.getByRole('link', { name: 'ada', exact: true }).click()
  await dark.page.getByRole('heading', { name: 'SSH keys' }).waitFor()
  await picture(dark.page, 'site-account-dark')
})

test('an admin adds a registry and an image with tags and sizes, and a person makes a workspace of it', async (t) => {
  const { url, password } = await platform(t)
  const { page, complaints } = await openTab(t)
  await logIn(page, url, 'admin', password)
  await page.getByRole('link', { name: 'Images' }).click()
  const registries = page.getByRole('region', { name: 'Registries' })
  await registries.getByRole('button', { name: 'Add registry' }).click()
  await page.getByLabel('Name').fill('Tools')
  await page.getByLabel('Host').fill('tools.example:5000')
  await page.getByLabel('Pull secret').fill('tools-login')
  await page.keyboard.press('Enter')
  await registries.getByText('pulled with the secret tools-login').waitFor()

  await page.getByRole('button', { name: 'Add image' }).click()
  await page.getByLabel('Name').fill('Java')
  await page.getByRole('dialog').getByLabel('Registry').selectOption('Tools')
  await page.getByLabel('Repository').fill('lang/java')
  await page.getByLabel('Tag', { exact: true }).fill('21')
  await page.getByLabel('Digest').fill(`sha256:${'a'.repeat(64)}`)
  await picture(page, 'site-image-add')
  await page.keyboard.press('Enter')
  const java = page.getByRole('row', { name: 'Java' })
  await java.getByText('tools.example:5000/lang/java').waitFor()

  await page.getByRole('button', { name: 'Tags of Java' }).click()
  const tags = page.getByRole('dialog', { name: 'Tags of Java' })
  await tags.getByLabel('Tag', { exact: true }).fill('17')
  await page.keyboard.press('Enter')
  await tags.getByText('whatever the registry has').waitFor()
  assert.equal(await tags.getByRole('button', { name: 'Remove 21' }).count(), 0, 'the default tag stays')
  await picture(page, 'site-image-tags')
  await page.keyboard.press('Escape')

  await page.getByRole('button', { name: 'More for Java' }).click()
  await page.getByRole('button', { name: 'Change Java' }).click()
  const change = page.getByRole('dialog', { name: 'Change Java' })
  await change.getByLabel('Default tag').selectOption('17')
  await change.getByRole('group', { name: 'What new' }).getByLabel('Cores').fill('3')
  await change.getByRole('group', { name: 'The most' }).getByLabel('Cores').fill('4')
  await picture(page, 'site-image-change')
  await change.getByRole('button', { name: 'Save' }).click()
  await java.getByText('17 (default), 21').waitFor()
  await java.getByText('4 cores', { exact: true }).waitFor()
  await registries.getByRole('button', { name: 'Remove Tools' }).click()
  await page.getByRole('alert').getByText('REGISTRY_IN_USE').waitFor()
  await picture(page, 'site-images')

  await page.getByRole('link', { name: 'Workspaces', exact: true }).click()
  await page.getByRole('button', { name: 'New workspace' }).click()
  await page.getByLabel('Name').fill('quay')
  await page.getByLabel('Image').selectOption('Java')
  assert.equal(await page.getByLabel('Cores').inputValue(), '3')
  await page.keyboard.press('Enter')
  const quay = page.getByRole('row', { name: 'quay' })
  await quay.getByText('Java 17').waitFor()
  await page.getByRole('button', { name: 'More for quay' }).click()
  await page.getByRole('button', { name: 'Change quay' }).click()
  await page.getByLabel('Memory').fill('6')
  await page.getByLabel('Turn off').selectOption('After 30 minutes')
  await page.getByRole('button', { name: 'Save' }).click()
  await quay.getByText('6 GiB · ').waitFor()
  await quay.getByText('off after 30 minutes').waitFor()
  await page.getByRole('button', { name: 'More for quay' }).click()
  await page.getByRole('button', { name: 'Rebuild quay' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Rebuild' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  assert.equal(await page.getByRole('alert').count(), 0)

  await page.getByRole('link', { name: 'Images' }).click()
  await page.getByRole('button', { name: 'More for Java' }).click()
  await page.getByRole('button', { name: 'Delete Java' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByText('IMAGE_IN_USE').waitFor()
  assert.deepEqual(complaints, [])
})

test('users, members and the audit log show more on demand, by keyboard, and users are found by a part of the name', async (t) => {
  const { url, password } = await platform(t)
  const { page, complaints } = await openTab(t)
  await logIn(page, url, 'admin', password)
  const login = { username: 'admin', password }
  const post = (path: string, body: object, token = '') =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token === '' ? {} : { 'session-token': token }) },
      body: JSON.stringify(body),
    })
  const { session_token } = (await (await post('/auth/basic/login', login)).json()) as { session_token: string }
  for (const username of ['ada', 'bea', 'cem', 'dan', 'eve']) {
    const added = await post('/api/v0/users', { username, password: 'correct horse battery' }, session_token)
    assert.equal(added.status, 201)
  }
  // as if the manager gave two at a time
  await page.route(/\/api\/v0\/(users|audit|organizations\/\w+\/members)(\?|$)/, async (route) => {
    const asked = new URL(route.request().url())
    if (route.request().method() === 'GET') asked.searchParams.set('limit', '2')
    await route.continue({ url: asked.href })
  })
  const more = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Show more' }).focus()
    await page.keyboard.press('Enter')
  }

  await page.getByRole('link', { name: 'Users' }).click()
  await page.getByRole('row', { name: 'ada' }).waitFor()
  assert.equal(await page.getByRole('rowheader').count(), 2)
  await more()
  await page.getByRole('row', { name: 'cem' }).waitFor()
  await page.getByRole('button', { name: 'Deactivate cem' }).click()
  await page.getByRole('button', { name: 'Activate cem', exact: true }).waitFor()
  assert.equal(await page.getByRole('rowheader').count(), 4, 'a change shows as many as before')
  await picture(page, 'site-users-pages')
  await page.getByRole('searchbox', { name: 'Find a user' }).fill('EV')
  await page.getByRole('row', { name: 'eve' }).waitFor()
  assert.equal(await page.getByRole('rowheader').count(), 1)
  assert.deepEqual(await nameless(page), [])

  await page.getByRole('link', { name: 'Organizations' }).click()
  await page.getByRole('button', { name: 'Members of default' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('ada', { exact: true }).waitFor()
  assert.equal(await dialog.getByText('dan', { exact: true }).count(), 0)
  await more()
  await dialog.getByText('cem', { exact: true }).waitFor()
  await dialog.getByRole('searchbox', { name: 'Find a member' }).fill('da')
  await dialog.getByText('dan', { exact: true }).waitFor()
  assert.equal(await dialog.getByRole('listitem').count(), 2, 'ada and dan')
  await picture(page, 'site-members-pages')
  await dialog.getByRole('button', { name: 'Close' }).click()

  await page.getByRole('link', { name: 'Audit' }).click()
  await page.getByRole('cell', { name: 'user.change' }).waitFor()
  const before = await page.getByRole('rowheader').count()
  await more()
  await page.waitForFunction((rows) => document.querySelectorAll('tbody tr').length > rows, before)
  assert.deepEqual(complaints, [])
})

test('people see where they are signed in and end what is not theirs', async (t) => {
  const { url, password } = await platform(t)
  const first = await openTab(t)
  await logIn(first.page, url, 'admin', password)
  const second = await openTab(t, 'dark')
  await logIn(second.page, url, 'admin', password)
  await second.page.goto(`${url}/account`)
  const sessions = second.page.getByRole('region', { name: 'Where you are signed in' })
  await sessions.getByText('This one').waitFor()
  await picture(second.page, 'site-account-sessions-dark')
  const end = sessions.getByRole('button', { name: /^End the session of Chrome on Linux/ })
  assert.equal(await end.count(), 1, 'this one is left with Log out')
  await end.click()
  await end.waitFor({ state: 'detached' })
  await first.page.getByRole('link', { name: 'Users' }).click()
  await first.page.getByRole('button', { name: 'Log in' }).waitFor()
  await second.page.getByRole('link', { name: 'Users' }).click()
  await second.page.getByRole('row', { name: 'admin' }).waitFor()
  for (const { page } of [first, second])
    assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0])
})

test('health names what fails; every page opens by its address, fits 360 pixels and does not jump', async (t) => {
  const { url, password } = await platform(t)
  for (const scheme of ['light', 'dark'] as const) {
    const { page, complaints } = await openTab(t, scheme)
    await logIn(page, url, 'admin', password)
    await page.goto(`${url}/health`)
    const cluster = page.getByRole('row', { name: 'Kubernetes' })
    await cluster.getByText('HEALTH_KUBERNETES').waitFor()
    await page.getByRole('row', { name: 'Database' }).getByText('Works').waitFor()
    assert.equal(await page.title(), 'Health · CDE')
    // answers come one after the other, so that what arrives late shows
    await page.route('**/api/v0/**', async (route) => {
      await sleep(10 * new URL(route.request().url()).pathname.length)
      await route.continue()
    })
    for (const width of [1180, 360]) {
      await page.setViewportSize({ width, height: 740 })
      for (const path of ['', ...pageNames]) {
        await page.goto(`${url}/${path}`)
        await page.waitForLoadState('networkidle')
        await page.getByRole('heading', { level: 1 }).waitFor()
        await picture(page, `page-${path || 'workspaces'}-${width}-${scheme}`)
        const { wide, jumped } = await page.evaluate(async () => ({
          wide: document.documentElement.scrollWidth,
          jumped: await new Promise<number>((resolve) => {
            let sum = 0
            new PerformanceObserver((list) => {
              for (const entry of list.getEntries()) sum += (entry as PerformanceEntry & { value: number }).value
            }).observe({ type: 'layout-shift', buffered: true })
            setTimeout(() => resolve(sum), 100)
          }),
        }))
        if (width > 1000) assert.deepEqual(await grave(page), [], `/${path}`)
        assert.deepEqual(await nameless(page), [], `/${path} has something that no screen reader can name`)
        assert.ok(wide <= width, `/${path} is ${wide} pixels wide on a screen of ${width}`)
        assert.equal(jumped, 0, `/${path} jumps`)
      }
    }
    assert.deepEqual(complaints, [])
  }
})
