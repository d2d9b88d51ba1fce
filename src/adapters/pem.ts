/** The blocks of one kind in a PEM text, each from its BEGIN to its END; in time linear in the text, whatever it holds. */
export function pemBlocks(text: string, kind: 'CERTIFICATE' | 'X509 CRL'): readonly string[] {
  const [begin, end] = [`-----BEGIN ${kind}-----`, `-----END ${kind}-----`]
  const parts = text.split(end).slice(0, -1)
  return parts.flatMap((part) => {
    const at = part.lastIndexOf(begin)
    return at < 0 ? [] : [part.slice(at) + end]
  })
}
