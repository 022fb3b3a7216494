import crypto from 'node:crypto'
import dns from 'node:dns'
import http from 'node:http'
import net from 'node:net'
import tls from 'node:tls'
import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { createAttempt } from './attempt.ts'
import type { TryAll } from './check.ts'
import { parts } from './parts.ts'
import type { Means } from './trial.ts'

/** endpoints that are tried at once */
export const mostAtOnce = 16

/** Tries from this process, until the signal. */
export const fromHere =
  (means: Means, signal: AbortSignal): TryAll =>
  async (trials, tell) => {
    const attempt = createAttempt({ crypto, dns, http, net, tls }, { ...means, signal }, parts)
    await atOnce(mostAtOnce, trials.entries(), async ([at, trial]) => {
      signal.throwIfAborted()
      const went = await attempt(trial)
      signal.throwIfAborted()
      tell(at, went)
    })
  }
