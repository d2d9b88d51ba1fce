/** Makes something at its first use, and tells whether it was made. */
export type Once<Made> = { (): Made; readonly made: () => Made | null }

/** Makes something at the first call, and gives the same at every later one; `made` is null before it. */
export function once<Made>(make: () => Made): Once<Made> {
  let found: { readonly made: Made } | null = null
  const get = () => {
    found ??= { made: make() }
    return found.made
  }
  return Object.assign(get, { made: () => found?.made ?? null })
}
