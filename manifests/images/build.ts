import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { buildImages } from './build-images.ts'
import { catalog, type ImageName } from './catalog.ts'

const usage = `Builds the platform's images and pushes them to a registry.

  node manifests/images/build.ts --registry HOST:PORT [--ca FILE] [--username NAME --password-file FILE]
                                 [--version 0.1.0] [--only base,runtime] [--json]
`

/** The command line of build.ts: progress on stderr, one \`name digest\` per line (or JSON) on stdout. */
async function main(args: readonly string[]): Promise<void> {
  try {
    const { values } = parse(args)
    if (values.help || values.registry === undefined) {
      process.stderr.write(usage)
      process.exitCode = values.help ? 0 : 2
      return
    }
    const passwordFile = values['password-file']
    const digests = await buildImages({
      registry: {
        host: values.registry,
        caFile: values.ca,
        username: values.username,
        password: passwordFile === undefined ? undefined : (await readFile(passwordFile, 'utf8')).trimEnd(),
      },
      version: values.version,
      ...(values.only === undefined ? {} : { only: values.only.split(',').map(imageName) }),
      log: (line) => process.stderr.write(`${line}\n`),
    })
    if (values.json) process.stdout.write(`${JSON.stringify(Object.fromEntries(digests))}\n`)
    else for (const [name, digest] of digests) process.stdout.write(`${name} ${digest}\n`)
  } catch (error) {
    if (!(error instanceof SealiftError)) throw error
    process.stderr.write(`${error.code}: ${error.message}\n${error.why ?? ''}\n${error.fix ?? ''}\n`)
    process.exitCode = error.exitCode
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        registry: { type: 'string' },
        ca: { type: 'string' },
        username: { type: 'string' },
        'password-file': { type: 'string' },
        version: { type: 'string', default: '0.1.0' },
        only: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (cause) {
    throw new SealiftError('USAGE_FLAG', (cause as Error).message, {
      fix: 'node manifests/images/build.ts --help',
      cause,
    })
  }
}

function imageName(text: string): ImageName {
  const found = catalog.find((image) => image.name === text)
  if (found) return found.name
  throw new SealiftError('USAGE_IMAGE', `there is no image named ${text}`, {
    fix: `choose from ${catalog.map((image) => image.name).join(', ')}`,
  })
}

export { buildImages } from './build-images.ts'

if (import.meta.main) await main(process.argv.slice(2))
