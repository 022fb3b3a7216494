import { homedir, userInfo } from 'node:os'
import path from 'node:path'
import { parseChartYaml } from '../../input/yaml.ts'
import { proxyFromEnvironment } from '../../stores/registry/proxy.ts'
import type { Redactor } from '../redact.ts'
import type { Target } from '../target.ts'
import { filesBelow, readSmall } from './files.ts'

/** bytes of a file that is read as a secret */
const secretFile = 256 * 1024

/**
 * Learns the secrets of this machine that could turn up in what is collected: files that the answers name, keys in the state
 * directory, the kubeconfig, proxies, the passphrase; and who works here.
 */
export async function learnLocalSecrets(redactor: Redactor, { answers, stateDir, kubeconfig }: Target): Promise<void> {
  const registry = answers?.draft.registry as { username?: unknown; passwordFile?: unknown } | undefined
  const database = answers?.draft.database as { passwordFile?: unknown } | undefined
  const proxy = answers?.draft.proxy as { loginFile?: unknown } | undefined
  const tls = answers?.draft.tls as { keyFile?: unknown } | undefined
  for (const file of [registry?.passwordFile, database?.passwordFile, tls?.keyFile, answers?.draft.license])
    if (typeof file === 'string') learn(redactor, 'password', await readSmall(file, secretFile))
  if (typeof proxy?.loginFile === 'string') learnLogin(redactor, await readSmall(proxy.loginFile, secretFile))
  if (answers) redactor.learnSecretsIn(answers.draft)
  const files = await filesBelow(stateDir)
  for (const file of files)
    if (isSecretFile(file)) learn(redactor, path.basename(file), await readSmall(file, secretFile))
  for (const file of kubeconfigs(kubeconfig)) learnConfiguration(redactor, await readSmall(file, 4 * 1024 * 1024))

  const { https, http } = proxyFromEnvironment(process.env)
  redactor.learnSecretsIn([https, http].filter(Boolean))
  learn(redactor, 'passphrase', process.env.SEALIFT_KEY_PASSPHRASE)
  const { username } = userInfo()
  redactor.learnPerson(username)
  redactor.learnPerson(path.basename(homedir()))
}

/** A login to a proxy: the line, its password, and both as a URL has them. */
function learnLogin(redactor: Redactor, line = ''): void {
  const [, password = ''] = /^[^:]*:(.*)$/.exec(line.trim()) ?? []
  for (const text of [line, password, encodeURIComponent(password)]) learn(redactor, 'password', text)
}

function learn(redactor: Redactor, name: string, value: string | undefined): void {
  if (value !== undefined) redactor.learnSecret(name, value)
}

/** Everything below the state directory that is neither a record nor a part of the release may be somebody's key. */
const isSecretFile = (file: string): boolean =>
  path.basename(path.dirname(file)) === 'uploads' ||
  /\.(?:key|pem|txt|password|token)$|password|secret/i.test(path.basename(file))

const kubeconfigs = (named: string | undefined): string[] =>
  named !== undefined
    ? [named]
    : (process.env.KUBECONFIG ?? path.join(homedir(), '.kube', 'config')).split(path.delimiter).filter(Boolean)

/** A kubeconfig: what users log in with. */
function learnConfiguration(redactor: Redactor, text: string | undefined): void {
  if (text === undefined) return
  try {
    const config = parseChartYaml(text, (why) => new Error(why)).value as { users?: unknown } | null
    redactor.learnSecretsIn(config?.users)
  } catch {
    // what cannot be read is not used either
  }
}
