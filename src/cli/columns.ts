/** Lines of a table, indented: columns as wide as they must be, those of `right` flush right, the last one never padded. */
export function columns(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: ReadonlySet<string>,
): readonly string[] {
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const cell = (text: string, at: number): string => {
    if (right.has(head[at] ?? '')) return text.padStart(widths[at] ?? 0)
    return at === head.length - 1 ? text : text.padEnd(widths[at] ?? 0)
  }
  return [head, ...rows].map((row) => `  ${row.map(cell).join('  ')}`)
}
