import type { CipherAlgorithm } from 'ssh2'

/** AES-GCM runs in OpenSSL; ssh2's ChaCha20 would run in JavaScript. AES-CTR is for old clients. */
export const ciphers = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes256-ctr',
] as const satisfies readonly CipherAlgorithm[]
