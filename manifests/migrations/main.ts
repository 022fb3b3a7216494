import { parseArgs } from 'node:util'
import { writeMigrationsFile } from './write.ts'

const usage = `Writes the file "migrations" of a release: what the manager will do to the database, read before an upgrade.

  npm run migrations -- --out FILE
  sealift bundle build release.yaml --file migrations=FILE …
`
const { values } = parseArgs({ options: { out: { type: 'string' }, help: { type: 'boolean', short: 'h' } } })
if (values.out === undefined) {
  ;(values.help ? process.stdout : process.stderr).write(usage)
  process.exitCode = values.help ? 0 : 2
} else await writeMigrationsFile(values.out)
