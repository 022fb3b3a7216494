import { ReadableStream } from 'node:stream/web'
import { SealiftError } from '@sealift/bundle-spec/error.ts'

/** Who may read a backup: whoever has the key of one of the recipients (`age1…`), or knows the passphrase. */
export type Protection = { recipients: readonly string[] } | { passphrase: string }

/** With what one is read: identities (`AGE-SECRET-KEY-1…`) or the passphrase. */
export type Key = { identities: readonly string[] } | { passphrase: string }

/** Takes bytes one after the other; the next ones wait. */
export interface Sink {
  write(chunk: Uint8Array): Promise<void>
  end(): Promise<void>
}

/** What encrypts whatever goes into a sink, by age (age-encryption.org/v1). @throws SealiftError USAGE_BACKUP_KEY */
export async function sealing(protection: Protection): Promise<(into: Sink) => Sink> {
  const [{ Encrypter }, { passphraseRecipient }] = await Promise.all([
    import('age-encryption'),
    import('./passphrase.ts'),
  ])
  const encrypter = new Encrypter()
  if ('passphrase' in protection) encrypter.addRecipient(passphraseRecipient(protection.passphrase))
  else
    for (const recipient of protection.recipients)
      try {
        encrypter.addRecipient(recipient)
      } catch (cause) {
        // an identity that stands in its place is secret
        const given = /^age1/i.test(recipient) ? recipient.slice(0, 80) : 'what is given'
        throw new SealiftError('USAGE_BACKUP_KEY', `${given} is no recipient of age`, {
          why: (cause as Error).message,
          fix: 'one begins with age1: age-keygen -y KEYFILE prints it',
          cause,
        })
      }
  return (into) => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const plain = writable.getWriter()
    const pumped = (async () => {
      for await (const chunk of await encrypter.encrypt(readable)) await into.write(chunk)
    })()
    // whoever writes next is told
    pumped.catch((error) => plain.abort(error))
    return {
      // the cipher keeps what it is given until its block is full
      write: async (chunk) =>
        plain.write(Uint8Array.from(chunk)).catch((error) => pumped.then(() => Promise.reject(error))),
      async end() {
        await plain.close().catch(() => {})
        await pumped
        await into.end()
      },
    }
  }
}

/** What decrypts. @throws SealiftError BACKUP_KEY while reading, where the key is another one or something was altered */
export async function unsealing(
  key: Key,
  path: string,
): Promise<(bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>> {
  const [{ Decrypter }, { passphraseIdentity }] = await Promise.all([
    import('age-encryption'),
    import('./passphrase.ts'),
  ])
  const decrypter = new Decrypter()
  if ('passphrase' in key) decrypter.addIdentity(passphraseIdentity(key.passphrase))
  else
    for (const identity of key.identities)
      try {
        decrypter.addIdentity(identity)
      } catch (cause) {
        throw new SealiftError('USAGE_BACKUP_KEY', 'the identity is none of age', {
          why: (cause as Error).message,
          fix: 'one begins with AGE-SECRET-KEY-1: age-keygen makes it',
        })
      }
  return async function* (bytes) {
    let plain: AsyncIterable<Uint8Array>
    try {
      plain = await decrypter.decrypt(ReadableStream.from(bytes) as globalThis.ReadableStream<Uint8Array>)
    } catch (cause) {
      if (cause instanceof SealiftError) throw cause
      throw wrongKey(path, cause)
    }
    try {
      yield* plain
    } catch (cause) {
      if (cause instanceof SealiftError) throw cause
      throw wrongKey(path, cause)
    }
  }
}

export const wrongKey = (path: string, cause?: unknown): SealiftError =>
  new SealiftError('BACKUP_KEY', `${path} cannot be decrypted with this key`, {
    why: cause === undefined ? 'it is encrypted, and no key was given' : (cause as Error).message,
    fix: 'give the right one: --identity FILE; or --passphrase-file FILE, SEALIFT_BACKUP_PASSPHRASE',
    cause,
  })
