import type { X509Certificate } from 'node:crypto'

/** Who issued a certificate, without the keys of X.500: `Example CA, Example Bank, DE`. Empty where it says nothing. */
export const issuerOf = (certificate: X509Certificate | undefined): string =>
  (certificate?.issuer ?? '')
    .split('\n')
    .map((part) => part.slice(part.indexOf('=') + 1))
    .reverse()
    .join(', ')

/** The names and addresses that a certificate is for (subjectAltName). */
export const namesOf = ({ subjectAltName = '' }: X509Certificate): string[] =>
  subjectAltName.split(', ').flatMap((name) => (name === '' ? [] : [name.replace(/^(DNS|IP Address):/, '')]))
