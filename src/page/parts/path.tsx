/** A path of which the file's own name stays in sight when there is little room. */
export function Path({ path }: { readonly path: string }) {
  const at = path.lastIndexOf('/') + 1
  return (
    <code class="path" title={path}>
      {at > 0 && <span class="folder">{path.slice(0, at)}</span>}
      <span>{path.slice(at)}</span>
    </code>
  )
}
