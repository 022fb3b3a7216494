/** Node.js's codes for a certificate that is not trusted ("TLS, X509 certificate error codes"), and what they mean. */
const meanings: readonly (readonly [RegExp, string])[] = [
  [/^ERR_TLS_CERT_ALTNAME_INVALID$|^HOSTNAME_MISMATCH$/, 'it is for another name'],
  [/^CERT_HAS_EXPIRED$/, 'it has ended'],
  [/^CERT_NOT_YET_VALID$/, 'it is not valid yet, or the clock of this machine is wrong'],
  [/^CERT_REVOKED$/, 'it was revoked'],
  [/^UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|SELF_SIGNED/, 'the CA that signed it is not known here: name it'],
]

/** Why a certificate is not trusted, in words, with the code where there are none for it. */
export const whyUntrusted = (code: string): string =>
  meanings.find(([pattern]) => pattern.test(code))?.[1] ?? `not trusted (${code})`
