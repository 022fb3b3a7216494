import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs'

/** A command as data. What the handler gets is what the builder declares, so the two can't drift apart. */
export function defineCommand<Args>(definition: {
  command: string
  describe: string
  builder: (yargs: Argv) => Argv<Args>
  handler: (args: ArgumentsCamelCase<Args>) => Promise<void>
}): CommandModule {
  return definition as unknown as CommandModule
}
