import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { cacheDirectory } from './cache.ts'
import { runCommand } from './command.ts'

const version = '4.139.1'
/** of the package itself, which pins nearly all that it depends on */
const integrity = 'sha512-fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew=='
/** what its lock files leave open is resolved as on this day */
const resolvedAt = '2026-10-01'

/** The packages inside the package, each with dependencies of its own. */
const parts = ['', 'lib/vscode', 'lib/vscode/extensions']

/** Parts in C++ that the server needs, all on Node's stable interface (Node-API); the rest is for other systems. */
const native = ['@vscode/native-watchdog', '@vscode/spdlog', '@vscode/sqlite3', '@vscode/fs-copyfile', 'node-pty']

/**
 * Left out: what speaks to one vendor's cloud (GitHub Copilot, Microsoft's sandbox for its agents and its logins), what is
 * for other systems, and what only a build or a debugger reads.
 */
const unwanted = [
  'lib/vscode/extensions/copilot',
  'lib/vscode/extensions/microsoft-authentication',
  'lib/vscode/node_modules/@github',
  'lib/vscode/node_modules/@microsoft/mxc-sdk',
  'lib/vscode/node_modules/@vscode/windows-process-tree/build',
  'lib/vscode/node_modules/@vscode/windows-process-tree/src',
  'lib/vscode/node_modules/node-pty/prebuilds',
  'lib/vscode/node_modules/node-pty/third_party',
  'lib/vscode/node_modules/kerberos',
  'src',
]
const licenses = /^(licen[cs]e|notice|copying|copyright|thirdparty)/i
const unwantedFiles = /\.(map|md|d\.ts|d\.mts|gyp|gypi|cc|cpp|h|hpp|c|pdb|tar\.gz)$/

/** Raise it when the steps below change what comes out. */
const recipe = 2

/**
 * The folder of code-server, ready to run by this machine's kind of Node: made from the npm package once for each version.
 * Its native parts are compiled here, against Node's headers, since their ready-made builds lie outside the registry.
 * Kerberos (for proxies that ask for it) is left out: it needs MIT's libraries in the image.
 * @throws SealiftError BUILD_TOOL, BUILD_COMMAND, BUILD_CODE_SERVER
 */
export async function codeServer(log: (line: string) => void, signal?: AbortSignal): Promise<string> {
  const key = createHash('sha256')
    .update(JSON.stringify([recipe, integrity, resolvedAt, parts, native, unwanted, `${unwantedFiles}`, process.arch]))
    .digest('hex')
    .slice(0, 16)
  const folder = join(cacheDirectory(), 'code-server', `${version}-${key}`)
  if (await isThere(folder)) return folder
  log(`code-server: making ${version} from its npm package (about three minutes)`)
  const work = `${folder}.${process.pid}`
  try {
    await mkdir(work, { recursive: true })
    await unpack(work, signal)
    const root = join(work, 'package')
    const npm = [
      '--omit=dev',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      `--before=${resolvedAt}`,
    ]
    for (const part of parts) await runCommand('npm', ['install', '--prefix', join(root, part), ...npm], { signal })
    for (const name of native) await compile(join(root, 'lib/vscode/node_modules', name), signal)
    for (const path of unwanted) await rm(join(root, path), { recursive: true, force: true })
    await prune(root, `linux-${process.arch}`)
    await rename(root, folder)
    return folder
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function unpack(work: string, signal?: AbortSignal): Promise<void> {
  const packed = await runCommand('npm', ['pack', `code-server@${version}`, '--json', '--pack-destination', work], {
    signal,
  })
  const [{ filename }] = JSON.parse(packed.slice(packed.indexOf('['))) as [{ filename: string }]
  const file = join(work, filename)
  const digest = createHash('sha512')
    .update(await readFile(file))
    .digest('base64')
  if (`sha512-${digest}` !== integrity)
    throw new SealiftError('BUILD_CODE_SERVER', `code-server ${version} is not the package that was pinned`, {
      why: `its SHA-512 is ${digest}`,
      fix: 'check where npm downloads from: npm config get registry',
    })
  await runCommand('tar', ['-xzf', file, '-C', work], { signal })
  await rm(file)
}

/** Where Node's headers are; those of any version will do for Node-API. */
const headers = process.env.NODE_HEADERS ?? '/usr'

/** Compiles one package and keeps only what came out. */
async function compile(directory: string, signal?: AbortSignal): Promise<void> {
  if (!(await isThere(join(headers, 'include/node/node_api.h'))))
    throw new SealiftError('BUILD_TOOL', `there are no headers of Node.js in ${headers}/include/node`, {
      fix: 'apt-get install libnode-dev, or name the folder above include/node in NODE_HEADERS',
    })
  // npm tells its scripts where its node-gyp is
  const gyp = await runCommand('npm', ['exec', '--call', 'printf %s "$npm_config_node_gyp"'], { signal })
  await runCommand('node', [gyp, 'rebuild', '--directory', directory, `--nodedir=${headers}`], {
    env: { CXXFLAGS: `-ffile-prefix-map=${directory}=.`, CFLAGS: `-ffile-prefix-map=${directory}=.` },
    signal,
  })
  const release = join(directory, 'build/Release')
  const made = (await readdir(release)).filter((name) => name.endsWith('.node'))
  const kept = join(directory, 'kept')
  await mkdir(kept)
  for (const name of made) await cp(join(release, name), join(kept, name))
  await rm(join(directory, 'build'), { recursive: true })
  await mkdir(join(directory, 'build'))
  await rename(kept, release)
  await rm(join(directory, 'deps'), { recursive: true, force: true })
}

async function prune(directory: string, platform: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    const elsewhere = directory.endsWith('ripgrep-universal/bin') && entry.name !== platform
    if (elsewhere || (entry.isFile() && unwantedFiles.test(entry.name) && !licenses.test(entry.name)))
      await rm(path, { recursive: true })
    else if (entry.isDirectory()) await prune(path, platform)
  }
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
