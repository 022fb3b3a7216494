import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { exitCodes } from '@sealift/bundle-spec/error.ts'

const root = join(import.meta.dirname, '../..')

/** A page of the docs with tables of codes, the sources that use them, and how to find them there. */
type Page = { docs: string; sources: string[]; codes: RegExp; others?: RegExp }
const pages: Page[] = [
  {
    docs: 'docs/errors.md',
    sources: ['bundle-spec/src/**/*.ts', 'installer/src/**/*.ts'],
    codes: new RegExp(`'((?:${Object.keys(exitCodes).join('|')})_[A-Z][A-Z_]+)'`, 'g'),
  },
  {
    docs: 'docs/platform-errors.md',
    sources: ['services/{manager,envproxy,workspace,ingress,dashboard}/**/*.{ts,tsx}', 'web/*.ts'],
    // quoted words with an underscore, single words where a code stands, and keys of a table of statuses
    codes: /'([A-Z]+(?:_[A-Z]+)+)'|(?:code: |\(\d{3}, )'([A-Z]+)'|^\s+([A-Z_]+): \d{3},$/gm,
    // names of environment variables, and errors of Node.js and of libraries
    others:
      /(?:optional\(|required\(|[fF]ile\(|[uU]rl\(|number\(|port\(|oneOf\(|list\(|json\(env, |name: |Variables = \[)(?:(?:, )?'[A-Z_]+')+|name !== '[A-Z_]+'|'(?:EAI|ERR)_[A-Z_]+'/g,
  },
]

async function read({ sources, others }: Page): Promise<string> {
  let text = ''
  for await (const path of glob(sources, { cwd: root })) text += `${await readFile(join(root, path), 'utf8')}\n`
  return others === undefined ? text : text.replaceAll(others, '')
}

/** The rows of the tables of a page: what stands behind each code. */
async function documented({ docs }: Page): Promise<Map<string, string>> {
  const text = await readFile(join(root, docs), 'utf8')
  const rows = text.matchAll(/^\| `([A-Z_]+)` \|(.*)$/gm)
  return new Map(
    [...rows].map(([, code = '', rest = '']) => [code, rest] as const).filter(([code]) => !code.endsWith('_')),
  )
}

for (const page of pages)
  test(`${page.docs} explains each error code, and no other`, async () => {
    const used = new Set(
      [...(await read(page)).matchAll(page.codes)].map((match) => match.slice(1).find(Boolean) ?? ''),
    )
    const rows = await documented(page)
    assert.deepEqual([...used].filter((code) => !rows.has(code)).sort(), [])
    assert.deepEqual([...rows.keys()].filter((code) => !used.has(code)).sort(), [])
  })

test('docs/platform-errors.md has the status of each answer', async () => {
  const page = pages[1] as Page
  const rows = await documented(page)
  for (const [, status = '', code = ''] of (await read(page)).matchAll(/(?:ApiError|Refusal)\(\s*(\d{3}),\s*'(\w+)'/g))
    assert.match(rows.get(code)?.split('|')[0] ?? '', new RegExp(`\\b${status}\\b`), code)
})

test('docs/errors.md has each exit code', async () => {
  const text = await readFile(join(root, 'docs/errors.md'), 'utf8')
  for (const [area, code] of Object.entries(exitCodes))
    assert.match(text, new RegExp(`^\\| ${code} \\| \`${area}_\``, 'm'))
})
