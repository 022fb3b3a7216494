import { variablesOf } from '../environment.ts'

/**
 * Reads and checks what the dashboard is told by its environment, before anything starts.
 * @throws Error that names the variable at fault
 */
export function readEnvironment(env: NodeJS.ProcessEnv) {
  const { optional, port, logLevel } = variablesOf(env)
  return { port: port('PORT', 3000), host: optional('HOST') ?? '::', logLevel: logLevel() }
}
