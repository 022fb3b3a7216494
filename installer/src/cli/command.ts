import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs'

/** A command as data. What the handler gets is what the builder declares, so the two can't drift apart. */
export function defineCommand<Args>(definition: {
  command: string
  describe: string
  builder: (yargs: Argv) => Argv<Args>
  handler: (args: ArgumentsCamelCase<Args>) => Promise<void>
}): CommandModule {
  const builder = (yargs: Argv) => {
    const declared = definition.builder(yargs)
    const { key, array } = (declared as unknown as Declared).getOptions()
    const once = Object.keys(key).filter((name) => !array.includes(name) && !definition.command.includes(`${name}..`))
    return declared.check((args) => assertOnce(args, once))
  }
  return { ...definition, builder } as unknown as CommandModule
}

/** What yargs knows of options, which its types leave out. */
type Declared = { getOptions(): { key: object; array: readonly string[] } }

/** yargs makes a list of whatever is given twice, where a handler has declared one word. @throws SealiftError USAGE_ARGUMENTS */
function assertOnce(args: Readonly<Record<string, unknown>>, names: readonly string[]): true {
  const twice = names.find((name) => Array.isArray(args[name]))
  if (twice === undefined) return true
  throw new SealiftError('USAGE_ARGUMENTS', `--${twice} is given more than once`, { fix: 'say which one counts' })
}
