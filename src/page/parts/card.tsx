import type { ComponentChildren } from 'preact'

/** One part of the page, with a heading that a screen reader can go to. */
export function Card(props: {
  readonly title: string
  readonly note?: ComponentChildren
  /** Columns of the twelve that it takes on a wide screen. */
  readonly span: 4 | 6 | 8 | 12
  readonly children: ComponentChildren
}) {
  const id = props.title.toLowerCase().replaceAll(/[^a-z]+/g, '-')
  return (
    <section aria-labelledby={id} class={`card span-${props.span}`}>
      <h2 id={id}>{props.title}</h2>
      {props.note !== undefined && <p class="soft">{props.note}</p>}
      {props.children}
    </section>
  )
}
