/**
 * Named values in named groups beside the models: parsed imports, plans of runs. Outside rule 1 of docs/architecture.md:
 * the last writer wins. Lives in the model store's engine. Adapters: Redis and Redis Cluster, SQLite, memory.
 */

/** `value` null deletes. */
export type Note = { readonly name: string; readonly value: Uint8Array | null }

/** Notes of one call at most; callers cut longer lists. */
export const NOTES_PER_CALL_MAX = 500

export interface NoteStore {
  /**
   * Some notes of a group, in the order asked; null where there is none. Names hold any text of 1 to 1,024 bytes,
   * groups of 1 to 2,048.
   */
  get(group: string, names: readonly string[]): Promise<readonly (Uint8Array | null)[]>
  /** Writes notes of one group, all or none. */
  put(group: string, notes: readonly Note[]): Promise<void>
  /**
   * Writes a note if there is none of that name; false when there was. Who tries again after a lost answer may meet the
   * note that the first try has written.
   */
  putNew(group: string, name: string, value: Uint8Array): Promise<boolean>
  /**
   * All notes of a group, in chunks, in no order; one may come twice, and one that is written meanwhile may come or
   * not.
   */
  scan(group: string): AsyncIterable<readonly (readonly [name: string, value: Uint8Array])[]>
  /** Removes a group with all its notes. */
  drop(group: string): Promise<void>
}
