/**
 * A browser on a machine with the locale C can name a language that is none (`en-US@posix`), for which uPlot asks as soon
 * as it is loaded: the page would stay empty. To be imported before it.
 */
try {
  Intl.getCanonicalLocales(navigator.language)
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en', configurable: true })
}
