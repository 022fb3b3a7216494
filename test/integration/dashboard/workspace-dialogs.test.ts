import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logIn, noBrowser, openTab, picture, tabTo } from './browser.ts'
import { fakeSite, image, workspace } from './fake-site.ts'

const skip = noBrowser
const java = image('java', { tags: ['21', '17'].map((tag) => ({ tag, reference: `r/java:${tag}` })), defaultTag: '21' })

for (const scheme of ['light', 'dark'] as const)
  test(`a workspace is changed by keyboard, and only what was changed is sent (${scheme})`, { skip }, async (t) => {
    const site = await fakeSite(t)
    site.images.push(java, image('cobol', { deprecated: true }))
    site.workspaces.push(workspace('harbour', { autoOffMinutes: 45 }))
    const { page, complaints } = await openTab(t, scheme)
    await logIn(page, site.url)
    await tabTo(page, 'More for harbour')
    await page.keyboard.press('Enter')
    await picture(page, `more-${scheme}`)
    await tabTo(page, 'Change harbour')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Change harbour' })
    assert.deepEqual(await dialog.getByLabel('Image').locator('option').allTextContents(), ['release', 'java'])
    assert.equal(await dialog.getByLabel('Disk').getAttribute('min'), '20', 'no disk is made smaller')
    assert.equal(await dialog.getByLabel('Turn off').inputValue(), '45')
    await picture(page, `change-${scheme}`)
    await tabTo(page, 'Save')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    assert.deepEqual(site.asked, [], 'nothing was changed, and nothing sent')

    await page.getByRole('button', { name: 'More for harbour' }).click()
    await page.getByRole('button', { name: 'Change harbour' }).click()
    await dialog.getByLabel('Image').selectOption('java')
    assert.equal(await dialog.getByLabel('Tag').inputValue(), '21')
    await dialog.getByLabel('Tag').selectOption('17')
    await dialog.getByLabel('Turn off').selectOption('Never')
    await dialog.getByLabel('Disk').fill('30')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    const change = { diskGiB: 30, autoOffMinutes: null, image: 'java000000', tag: '17' }
    assert.deepEqual(site.asked, [['PATCH', '/api/v0/workspaces/harbour000', change]])
    assert.deepEqual(complaints, [])
  })

test('a rebuild is confirmed first, and a refusal is shown where it was asked for', { skip }, async (t) => {
  const site = await fakeSite(t)
  site.workspaces.push(workspace('harbour', { tag: '0.0.9' }))
  const { page, complaints } = await openTab(t)
  await logIn(page, site.url)
  const ask = async (): Promise<void> => {
    await page.getByRole('button', { name: 'More for harbour' }).click()
    await page.getByRole('button', { name: 'Rebuild harbour' }).click()
  }
  const dialog = page.getByRole('dialog', { name: 'Rebuild harbour?' })
  await ask()
  await dialog.getByText('everything in the home directory stays').waitFor()
  await dialog.getByText('from release 0.1.0, which is the default now, instead of 0.0.9').waitFor()
  await picture(page, 'rebuild')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  assert.deepEqual(site.asked, [])
  await ask()
  site.refuse = { status: 422, code: 'WORKSPACE_IMAGE', message: 'the image release is deprecated', fix: 'change it' }
  await dialog.getByRole('button', { name: 'Rebuild' }).click()
  await dialog.getByRole('alert').getByText('WORKSPACE_IMAGE').waitFor()
  site.refuse = undefined
  await dialog.getByRole('button', { name: 'Rebuild' }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.deepEqual(site.asked, [['POST', '/api/v0/workspaces/harbour000/rebuild', undefined]])
  site.workspaces = [workspace('harbour', { status: 'CREATING', statusMessage: 'pulling the image' })]
  await page.getByRole('row', { name: 'harbour' }).getByText('pulling the image').waitFor()
  assert.deepEqual(complaints, [])
})

test('a new workspace begins with what its image offers', { skip }, async (t) => {
  const site = await fakeSite(t)
  site.images.push({ ...java, sizes: { ...java.sizes, cpu: 2, memoryGiB: 8, maxCpu: 4 } })
  const { page } = await openTab(t)
  await logIn(page, site.url)
  await page.getByRole('button', { name: 'New workspace' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('quay')
  await dialog.getByLabel('Image').selectOption('java')
  assert.equal(await dialog.getByLabel('Memory').inputValue(), '8')
  await dialog.getByLabel('Cores').fill('5')
  await page.keyboard.press('Enter')
  assert.equal(await dialog.count(), 1, 'five cores are more than the image allows')
  await dialog.getByLabel('Cores').fill('4')
  await dialog.getByLabel('Turn off').selectOption('After 2 hours')
  await page.keyboard.press('Enter')
  await page.getByRole('row', { name: 'quay' }).waitFor()
  const { cpu, memoryGiB, diskGiB, autoOffMinutes, tag } = site.workspaces[0] as (typeof site.workspaces)[0]
  assert.deepEqual([cpu, memoryGiB, diskGiB, autoOffMinutes, tag], [4, 8, 5, 120, '21'])
})
