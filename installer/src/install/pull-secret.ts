import type { CompleteAnswers } from '../answers/schema.ts'
import { readRegistryPassword } from './registry-access.ts'

/**
 * The secret with which nodes pull (Kubernetes, "Pull an Image from a Private Registry"); undefined for a registry
 * without a user.
 */
export function pullSecret(answers: CompleteAnswers): { type: string; values: Record<string, string> } | undefined {
  const { username, address } = answers.registry
  const password = readRegistryPassword(answers)
  if (username === undefined || password === undefined) return undefined
  const auth = Buffer.from(`${username}:${password}`).toString('base64')
  const host = address.split('/', 1)[0] as string
  const config = JSON.stringify({ auths: { [host]: { username, password, auth } } })
  return { type: 'kubernetes.io/dockerconfigjson', values: { '.dockerconfigjson': config } }
}
