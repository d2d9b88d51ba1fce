export type Linked<Item> = { older: Item | null; newer: Item | null }

/** Things in the order of their last touch, linked through themselves: moving one costs a few pointers. */
export class TouchList<Item extends Linked<Item>> {
  oldest: Item | null = null
  newest: Item | null = null

  push(item: Item): void {
    item.older = this.newest
    item.newer = null
    if (this.newest === null) this.oldest = item
    else this.newest.newer = item
    this.newest = item
  }

  remove(item: Item): void {
    if (item.older === null) this.oldest = item.newer
    else item.older.newer = item.newer
    if (item.newer === null) this.newest = item.older
    else item.newer.older = item.older
    item.older = null
    item.newer = null
  }

  touch(item: Item): void {
    if (this.newest === item) return
    this.remove(item)
    this.push(item)
  }
}
