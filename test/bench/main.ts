import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { Misuse, readArguments, usage } from './arguments.ts'
import { commands } from './commands.ts'

// what listens to `exit` ends jobs and removes what they wrote
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

try {
  const { values, positionals } = readArguments()
  const command = commands[positionals[0] ?? '']
  if (values.help) console.log(usage)
  else if (positionals.length !== 1 || command === undefined)
    throw new Misuse(`name what to measure: ${Object.keys(commands).join(', ')}`)
  else await command(values)
} catch (error) {
  if (error instanceof SealiftError)
    console.error([`${error.code}: ${error.message}`, error.why, error.fix].filter(Boolean).join('\n'))
  else if (error instanceof Misuse || error instanceof TypeError) console.error(`${error.message}\n\n${usage}`)
  else console.error(error)
  process.exitCode = error instanceof Misuse ? 2 : 1
}
