/** Counts as docs/model.md tells of them: lists in the order of their last increase, searched from end to end. */
export type Count = { name: string; count: number }

export const sortBy = <Item>(items: Item[], key: (item: Item) => number): Item[] =>
  [...items].sort((one, other) => key(one) - key(other))

export const addTo = (counts: Map<number, number>, hour: number): void => {
  counts.set(hour, (counts.get(hour) ?? 0) + 1)
}

export const halved = (counts: Count[]): Count[] =>
  counts.map(({ name, count }) => ({ name, count: Math.floor(count / 2) })).filter(({ count }) => count > 0)

export const halvedMap = (counts: Map<number, number>): Map<number, number> =>
  new Map([...counts].map(([hour, count]) => [hour, Math.floor(count / 2)] as const).filter(([, count]) => count > 0))

/** Counts with one more for `name`, in front; in a full list a new name takes the place of the weakest. */
export function increased(counts: Count[], name: string, max: number): Count[] {
  const known = counts.find((one) => one.name === name)
  let others = counts.filter((one) => one.name !== name)
  if (known === undefined && others.length >= max) {
    const least = Math.min(...others.map((one) => one.count))
    const weakest = others.findLast((one) => one.count === least)
    others = others.filter((one) => one !== weakest)
  }
  return [{ name, count: (known?.count ?? 0) + 1 }, ...others]
}
