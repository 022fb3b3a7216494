import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'

/** links that are good at one time; a new one takes the place of the oldest */
const mostOpen = 8

/** wrong tokens from one address within `window` milliseconds, what each costs in milliseconds, and addresses remembered */
const limits = { wrong: 10, window: 60_000, pause: 300, addresses: 1000 }

export interface Invitations {
  /** A token that is good once: 256 bits, of which only the hash is kept. */
  create(): string
  /** Takes a token. @throws SealiftError SESSION_TOKEN, SESSION_LIMIT after too many wrong ones from an address */
  take(token: unknown, address: string): Promise<void>
}

export function createInvitations(now: () => number = () => performance.now()): Invitations {
  const open: Buffer[] = []
  /** by address, when it gave wrong ones */
  const wrong = new Map<string, number[]>()

  function lately(address: string): number[] {
    const times = (wrong.get(address) ?? []).filter((time) => now() - time < limits.window)
    if (times.length === 0) wrong.delete(address)
    return times
  }

  return {
    create() {
      const token = randomBytes(32).toString('base64url')
      open.push(hash(token))
      if (open.length > mostOpen) open.shift()
      return token
    },
    async take(token, address) {
      const before = lately(address)
      if (before.length >= limits.wrong)
        throw new SealiftError('SESSION_LIMIT', 'too many wrong tokens came from this address', {
          fix: 'wait a minute',
        })
      const given = hash(typeof token === 'string' ? token : '')
      const found = open.filter((one) => timingSafeEqual(one, given))[0]
      if (found) {
        open.splice(open.indexOf(found), 1)
        return
      }
      wrong.delete(address)
      wrong.set(address, [...before, now()])
      const [oldest] = wrong.keys()
      if (wrong.size > limits.addresses && oldest !== undefined) wrong.delete(oldest)
      await sleep(limits.pause)
      throw new SealiftError('SESSION_TOKEN', 'this link is not good, or not any more', {
        why: 'each one is good once',
        fix: 'get a new one: sealift install, on the machine that installs',
      })
    },
  }
}

const hash = (token: string): Buffer => createHash('sha256').update(token).digest()
