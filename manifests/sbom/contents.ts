import { execFile } from 'node:child_process'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type DebianPackage, debianPackages, distribution } from './debian.ts'
import { distinct, installedPackages, type NpmPackage, packageIn } from './npm.ts'

const run = promisify(execFile)

/** A program that no package manager put there. */
export interface Program {
  name: string
  version: string
  purl: string
  license: string
  cpe?: string
  /** libraries that are linked into it */
  parts: { name: string; version: string }[]
}

/** What an image, or an executable, consists of. */
export interface ImageContents {
  distribution: { name: string; version: string } | undefined
  debian: DebianPackage[]
  npm: NpmPackage[]
  programs: Program[]
}

/** Where images keep what does not come from Debian. */
const own = ['app', 'opt']
const codeServerFolder = 'opt/code-server'

/** Libraries among what `process.versions` names; the rest are numbers of interfaces and data. */
const nodeParts =
  'acorn ada amaro ares brotli icu libffi llhttp nghttp2 nghttp3 ngtcp2 openssl simdjson simdutf sqlite undici uv v8 zlib zstd'

/**
 * Reads what an image holds from its mounted root: Debian's packages, npm packages, Node.js with what is linked into it,
 * code-server. `bundled` is what only the bundler knew: packages that are part of a script.
 */
export async function imageContents(root: string, bundled: readonly NpmPackage[]): Promise<ImageContents> {
  const installed = await Promise.all(own.map((folder) => installedPackages(join(root, folder))))
  const programs = await Promise.all([node(root), codeServer(root)])
  return {
    distribution: await distribution(root),
    debian: await debianPackages(root),
    npm: distinct([...bundled, ...installed.flat()]),
    programs: programs.flat(),
  }
}

/** Node.js says itself what it is made of: the image's binary runs here, since both have one architecture. */
async function node(root: string): Promise<Program[]> {
  const binary = join(root, 'usr/local/bin/node')
  if (!(await isThere(binary))) return []
  const { stdout } = await run(binary, ['--print', 'JSON.stringify(process.versions)'], {
    env: {},
    timeout: 30_000,
  })
  return [nodeProgram(JSON.parse(stdout) as NodeJS.ProcessVersions)]
}

/** Node.js with what is linked into it, from its `process.versions`. */
export function nodeProgram(versions: Readonly<NodeJS.ProcessVersions>): Program {
  const { node: version } = versions
  const parts = nodeParts.split(' ').flatMap((name) => {
    const version = versions[name]
    return version ? [{ name, version }] : []
  })
  return {
    name: 'node',
    version,
    purl: `pkg:generic/node@${version}`,
    license: 'MIT',
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    parts,
  }
}

/** code-server and the VS Code in it. */
async function codeServer(root: string): Promise<Program[]> {
  const server = await packageIn(join(root, codeServerFolder))
  const editor = await packageIn(join(root, codeServerFolder, 'lib/vscode'))
  if (!server) return []
  const parts = editor ? [{ name: 'vscode', version: editor.version }] : []
  const { name, version, license = 'MIT' } = server
  return [{ name, version, license, purl: `pkg:npm/${name}@${version}`, parts }]
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
