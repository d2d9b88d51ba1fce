/** The name of the product, with its sign: a sun that is about to rise. */
export const Mark = () => (
  <h1 class="mark">
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M6 23h20M10 23a6 6 0 0 1 12 0M16 7v5M6.500 12.500l3 3M25.500 12.500l-3 3" />
    </svg>
    forewarm
  </h1>
)
