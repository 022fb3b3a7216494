import { exitCodes, SealiftError } from '@sealift/bundle-spec/error.ts'
import yargs, { type Argv, type CommandModule } from 'yargs'
import { version } from '../version.ts'
import { reportFailure } from './report.ts'

type Load = () => Promise<CommandModule>

/** Commands by their first word; each is loaded when it is called, or when help lists it. */
const commands: Readonly<Record<string, Load>> = {
  serve: async () => (await import('./commands/serve.ts')).serve,
  seed: async () => (await import('./commands/seed.ts')).seed,
  preflight: async () => (await import('./commands/preflight.ts')).preflight,
  install: async () => (await import('./commands/install.ts')).install,
  status: async () => (await import('./commands/status.ts')).status,
  upgrade: async () => (await import('./commands/upgrade.ts')).upgrade,
  rollback: async () => (await import('./commands/rollback.ts')).rollback,
  history: async () => (await import('./commands/history.ts')).history,
  uninstall: async () => (await import('./commands/uninstall.ts')).uninstall,
  diagnose: async () => (await import('./commands/diagnose.ts')).diagnose,
}

/** Words with commands below them. */
const groups: Readonly<Record<string, { describe: string; commands: Readonly<Record<string, Load>> }>> = {
  bundle: {
    describe: 'build, split, verify, inspect and compare bundles, take files out',
    commands: {
      build: async () => (await import('./commands/bundle-build.ts')).bundleBuild,
      split: async () => (await import('./commands/bundle-split.ts')).bundleSplit,
      verify: async () => (await import('./commands/bundle-verify.ts')).bundleVerify,
      inspect: async () => (await import('./commands/bundle-inspect.ts')).bundleInspect,
      diff: async () => (await import('./commands/bundle-diff.ts')).bundleDiff,
      extract: async () => (await import('./commands/bundle-extract.ts')).bundleExtract,
    },
  },
  allowlist: {
    describe: 'what a firewall has to let through, and why',
    commands: {
      generate: async () => (await import('./commands/allowlist-generate.ts')).allowlistGenerate,
      diff: async () => (await import('./commands/allowlist-diff.ts')).allowlistDiff,
      explain: async () => (await import('./commands/allowlist-explain.ts')).allowlistExplain,
      check: async () => (await import('./commands/allowlist-check.ts')).allowlistCheck,
      'node-proxy': async () => (await import('./commands/allowlist-node-proxy.ts')).allowlistNodeProxy,
    },
  },
  backup: {
    describe: 'back a site up, prove, restore and remove backups',
    commands: {
      create: async () => (await import('./commands/backup-create.ts')).backupCreate,
      list: async () => (await import('./commands/backup-list.ts')).backupList,
      verify: async () => (await import('./commands/backup-verify.ts')).backupVerify,
      restore: async () => (await import('./commands/backup-restore.ts')).backupRestore,
      prune: async () => (await import('./commands/backup-prune.ts')).backupPrune,
      schedule: async () => (await import('./commands/backup-schedule.ts')).backupSchedule,
    },
  },
  answers: {
    describe: 'answers files: begin one, check one, get that of a site',
    commands: {
      init: async () => (await import('./commands/answers-init.ts')).answersInit,
      check: async () => (await import('./commands/answers-check.ts')).answersCheck,
      show: async () => (await import('./commands/answers-show.ts')).answersShow,
    },
  },
  keys: {
    describe: 'keys that sign bundles and licenses',
    commands: { generate: async () => (await import('./commands/keys-generate.ts')).keysGenerate },
  },
  license: {
    describe: 'issue and inspect licenses',
    commands: {
      issue: async () => (await import('./commands/license-issue.ts')).licenseIssue,
      inspect: async () => (await import('./commands/license-inspect.ts')).licenseInspect,
    },
  },
}

/**
 * Runs the command that the words of a command line name and sets the exit code of the process. Only the module of that
 * command is loaded, and only that command is parsed: start-up is most of what a short command costs.
 */
export async function run(words: readonly string[]): Promise<void> {
  try {
    const named = find(words)
    await (named ? one(named, await named.load()) : await all(words))
      .strict()
      .wrap(Math.min(110, process.stdout.columns ?? 100))
      .version(version)
      .epilogue(
        `Exit codes: 0 done, ${Object.entries(exitCodes)
          .map(([area, code]) => `${code} ${area.toLowerCase()}`)
          .join(', ')}. docs/errors.md explains each error.`,
      )
      .fail((message, error) => {
        throw error ?? new SealiftError('USAGE_ARGUMENTS', message, { fix: 'add --help to see what the command takes' })
      })
      .parseAsync()
  } catch (error) {
    process.exitCode = reportFailure(error, words.includes('--json'))
  }
}

/** A command, the words that name it, and the words behind them. */
type Named = { path: string; load: Load; rest: readonly string[] }

function find(words: readonly string[]): Named | undefined {
  const [first = '', second = ''] = words
  const top = own(commands, first)
  if (top) return { path: first, load: top, rest: words.slice(1) }
  const load = own(own(groups, first)?.commands ?? {}, second)
  return load && { path: `${first} ${second}`, load, rest: words.slice(2) }
}

const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined

/** A parser for one command: the default one, since its name has been found already. */
function one({ path, rest }: Named, module: CommandModule): Argv {
  // `$0` stands for the program in texts, and for no word at all in a command
  const behind = String(module.command).replace(/^\S+/, '')
  return yargs([...rest])
    .scriptName('sealift')
    .usage(`$0 ${path}${behind}\n\n${module.describe}`)
    .command({ ...module, command: `$0${behind}` })
}

/** A parser that knows every command, for help and mistakes. */
async function all(words: readonly string[]): Promise<Argv> {
  return yargs([...words])
    .scriptName('sealift')
    .usage('$0 <command>\n\nSealed bundles, lifted over the air gap.')
    .command(Object.entries(groups).map(([word, group]) => groupCommand(word, group)))
    .command(await modules(commands))
    .demandCommand(1, 'name a command')
}

function groupCommand(
  command: string,
  { describe, commands }: { describe: string; commands: Readonly<Record<string, Load>> },
): CommandModule {
  return {
    command,
    describe,
    builder: async (y) =>
      y.command(await modules(commands)).demandCommand(1, `name one of: ${Object.keys(commands).join(', ')}`),
    handler: () => {},
  }
}

const modules = (commands: Readonly<Record<string, Load>>): Promise<CommandModule[]> =>
  Promise.all(Object.values(commands).map((load) => load()))
