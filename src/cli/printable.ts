/**
 * What anybody may have named must not steer the terminal of whoever reads it: control, direction and invisible characters
 * are shown as escapes, in the form of JSON, so that the same holds for text and for JSON.
 */

const escaped = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

/** A name, or another word that somebody else has chosen: it stays in its place on its line. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)

/** Output as a whole: lines stay lines. The last wall, for words that nobody has made printable. */
export const harmless = (text: string): string => text.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)
