import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { makeRelease, type SigningKey } from './release.ts'

const usage = `Makes the release of the executable in dist/release: for each platform, with sums, signature, SBOMs and licenses.

  npm run release -- --key FILE      signed by a key of: sealift keys generate
  npm run release -- --unsigned      with sums only: for trying it

SEALIFT_KEY_PASSPHRASE is the passphrase of the key, where it has one.
`
const out = join(import.meta.dirname, '../../dist/release')

try {
  const values = parse(process.argv.slice(2))
  if (values.help) process.stdout.write(usage)
  else {
    await makeRelease(out, await keyOf(values), (line) => process.stderr.write(`${line}\n`))
    for (const name of (await readdir(out)).sort()) process.stdout.write(`dist/release/${name}\n`)
    if (values.unsigned) process.stderr.write('NOT SIGNED: nobody can tell whose it is\n')
  }
} catch (error) {
  if (!(error instanceof SealiftError)) throw error
  process.stderr.write(`${[`${error.code}: ${error.message}`, error.why, error.fix].filter(Boolean).join('\n')}\n`)
  process.exitCode = error.exitCode
}

function parse(args: string[]) {
  const fix = 'npm run release -- --help'
  try {
    const { values } = parseArgs({
      args,
      options: { key: { type: 'string' }, unsigned: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    })
    if (values.help || (values.key === undefined) === (values.unsigned === true)) return values
    throw new Error('say who signs it: either --key FILE or --unsigned')
  } catch (cause) {
    throw new SealiftError('USAGE_FLAG', (cause as Error).message, { fix, cause })
  }
}

async function keyOf({ key }: { key?: string | undefined }): Promise<SigningKey | undefined> {
  if (key === undefined) return undefined
  const pem = await readFile(key, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new SealiftError('USAGE_FILE', `the key ${key} cannot be read`, {
      why: cause.code,
      fix: `ls -l ${key}`,
      cause,
    })
  })
  return { pem, passphrase: process.env.SEALIFT_KEY_PASSPHRASE || undefined }
}
