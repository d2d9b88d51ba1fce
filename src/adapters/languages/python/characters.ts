import { byteKinds, DIGITS, LETTERS } from '../source-bytes.ts'

export const PLAIN = 0
export const WORD = 1
export const DIGIT = 2
export const QUOTE = 3
export const OPEN = 4
export const CLOSE = 5
export const BREAK = 6
export const COMMENT = 7
export const ESCAPE = 8
export const SEMICOLON = 9
export const COLON = 10
export const STRAY = 11

/** What a byte of Python source begins; bytes above ASCII count as letters. */
export const KIND = byteKinds(
  {
    [WORD]: LETTERS,
    [DIGIT]: DIGITS,
    [QUOTE]: '\'"',
    [OPEN]: '([{',
    [CLOSE]: ')]}',
    [BREAK]: '\n\r',
    [COMMENT]: '#',
    [ESCAPE]: '\\',
    [SEMICOLON]: ';',
    [COLON]: ':',
    [STRAY]: '\0$?`',
  },
  WORD,
)

/** Whether a byte goes on with an identifier or a number. */
export const isWordByte = (byte: number): boolean => KIND[byte] === WORD || KIND[byte] === DIGIT

/** Space, tab or form feed. */
export const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0c
