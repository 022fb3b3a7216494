import { fileURLToPath } from 'node:url'

/** Script of one user who takes all they can get; see there for its arguments. */
export const greedyClient = fileURLToPath(new URL('./greedy-client.ts', import.meta.url))
