/** The certificate that a client showed, as far as tokens name it. */
import type { X509Certificate } from 'node:crypto'

export type ClientCertificate = {
  /** The whole subject (`CN=ci,O=acme`), then each other name with its kind (`URI:spiffe://acme/ci`). */
  readonly names: readonly string[]
  readonly validToMs: number
}

/** One that this server does not believe, and why, in words. */
export type UntrustedCertificate = { readonly untrusted: string }

/** By the name that Node gives to what was found wrong. */
export const untrustedCertificate = (fault: string): UntrustedCertificate => ({
  untrusted: `the client certificate ${FAULTS.get(fault) ?? `is not trusted (${fault})`}`,
})

const FAULTS: ReadonlyMap<string, string> = new Map([
  ['CERT_REVOKED', 'has been revoked by its authority'],
  ['CERT_HAS_EXPIRED', 'has expired'],
  ['CRL_HAS_EXPIRED', "cannot be checked: the server's list of revoked certificates has ended"],
  ['UNABLE_TO_GET_CRL', 'is not trusted: the server has no list of revoked certificates of its authority'],
])

/** What a certificate says of its holder; whether to believe it is for whoever checked its authority. */
export function clientCertificate(x509: Pick<X509Certificate, 'subject' | 'subjectAltName' | 'validToDate'>) {
  const subject = (x509.subject ?? '').split('\n').join(',')
  const names = [...(subject === '' ? [] : [subject]), ...otherNames(x509.subjectAltName ?? '')]
  return { names, validToMs: x509.validToDate.getTime() } satisfies ClientCertificate
}

/** A name that holds a comma is quoted as in JSON: it must not be taken for two. */
const otherNames = (text: string): readonly string[] =>
  [...text.matchAll(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g)].map(([name]) => name.trim())
