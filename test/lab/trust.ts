import { copyFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type LabState, replaceFile } from './state.ts'

export type TrustOptions = {
  /** credentials that the node itself sends, for pods without a pull secret */
  username?: string
  password?: string
  /** where the host really is (`10.99.0.1:5000`), when its name does not resolve on the node */
  address?: string
}

/** The text of a containerd hosts.toml (containerd docs/hosts.md). */
export function hostsFile(host: string, caFile: string, options: TrustOptions = {}): string {
  const quote = (text: string) => JSON.stringify(text)
  const server = `https://${options.address ?? host}`
  const lines = [
    `server = ${quote(server)}`,
    `ca = ${quote(caFile)}`,
    `[host.${quote(server)}]`,
    '  capabilities = ["pull", "resolve"]',
    `  ca = ${quote(caFile)}`,
  ]
  if (options.username !== undefined) {
    const credentials = Buffer.from(`${options.username}:${options.password ?? ''}`).toString('base64')
    lines.push(`  [host.${quote(server)}.header]`, `    Authorization = ${quote(`Basic ${credentials}`)}`)
  }
  return `${lines.join('\n')}\n`
}

/** Makes the node trust the registry `host` (`name[:port]`) by a CA file. Effective at the next pull, no restart. */
export async function trustRegistry(
  state: LabState,
  host: string,
  caFile: string,
  options: TrustOptions = {},
): Promise<void> {
  const directory = join(state.directory, 'certs.d', host)
  await mkdir(directory, { recursive: true })
  // a copy, because the caller's file may go with its test
  const copy = join(directory, 'ca.crt')
  await copyFile(caFile, copy)
  await replaceFile(join(directory, 'hosts.toml'), hostsFile(host, copy, options))
}

/** Takes the trust back. */
export async function distrustRegistry(state: LabState, host: string): Promise<void> {
  await rm(join(state.directory, 'certs.d', host), { recursive: true, force: true })
}
