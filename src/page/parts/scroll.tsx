import type { ComponentChildren } from 'preact'

type ScrollProps = { readonly name: string; readonly wide?: boolean; readonly children: ComponentChildren }

/** What may be larger than its place; it scrolls, by keyboard too. */
export const Scroll = ({ name, wide, children }: ScrollProps) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse could not scroll it otherwise
  <section class={wide === true ? 'scroll wide' : 'scroll'} aria-label={name} tabIndex={0}>
    {children}
  </section>
)
