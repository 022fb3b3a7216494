/** What is wrong with TLS at another side, as far as it needs advice of its own. */
export type TlsFault =
  | 'other-name'
  | 'ended'
  | 'not-yet'
  | 'revoked'
  | 'unknown-ca'
  | 'unfit'
  | 'no-tls'
  | 'version'
  | 'cipher'
  | 'wants-certificate'
  | 'unknown-name'

/** Codes of Node.js ("TLS, X509 certificate error codes") and of OpenSSL's errors, as Node.js writes them. */
const faults: readonly (readonly [RegExp, TlsFault])[] = [
  [/^ERR_TLS_CERT_ALTNAME_|^(HOSTNAME|IP_ADDRESS)_MISMATCH$/, 'other-name'],
  [/^CERT_HAS_EXPIRED$/, 'ended'],
  [/^CERT_NOT_YET_VALID$/, 'not-yet'],
  [/^CERT_REVOKED$/, 'revoked'],
  [/^UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|SELF_SIGNED/, 'unknown-ca'],
  [
    /^(CERT_|CRL_|UNABLE_TO_|ERROR_IN_|INVALID_|PATH_LENGTH_|SUBJECT_ISSUER_|AKID_|KEYUSAGE_|UNHANDLED_CRITICAL)|_(KEY_TOO_SMALL|MD_TOO_WEAK)$/,
    'unfit',
  ],
  [/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/, 'no-tls'],
  [/PROTOCOL_VERSION$|_(UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|VERSION_TOO_LOW|LEGACY_SIGALG\w*)$/, 'version'],
  [/CERTIFICATE_REQUIRED$|ALERT_(NO_CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN)$/, 'wants-certificate'],
  [/HANDSHAKE_FAILURE$|_NO_(SHARED_CIPHER|CIPHERS_AVAILABLE|SUITABLE_\w+)$|INSUFFICIENT_SECURITY$/, 'cipher'],
  [/UNRECOGNIZED_NAME$/, 'unknown-name'],
]

/** What a code says; undefined for one that is not of these. */
export const tlsFault = (code: string): TlsFault | undefined => faults.find(([pattern]) => pattern.test(code))?.[1]

const words: Partial<Record<TlsFault, string>> = {
  'other-name': 'it is for another name',
  ended: 'it has ended',
  'not-yet': 'it is not valid yet, or the clock of this machine is wrong',
  revoked: 'it was revoked',
  'unknown-ca': 'the CA that signed it is not known here: name it',
}

/** Why a certificate is not trusted, in words, with the code where there are none for it. */
export function whyUntrusted(code: string): string {
  const fault = tlsFault(code)
  return (fault && words[fault]) ?? `not trusted (${code})`
}
