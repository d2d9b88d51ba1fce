/** Babel's parser, set to take whatever occurs in repositories, and its tree as plain nodes. */

import type { ParserOptions } from '@babel/parser'
import type { ParseFault } from '../../../dependencies/parsed-file.ts'
import { messageOf } from '../../../ports/errors.ts'
import { withDeadline } from '../deadline.ts'
import { babel } from './libraries.ts'

export type AstNode = {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly loc: { readonly start: { readonly line: number }; readonly end: { readonly line: number } }
  readonly [key: string]: unknown
}

export type Comment = { readonly isBlock: boolean; readonly text: string; readonly start: number }

export type Syntax = {
  readonly program: AstNode
  readonly isModule: boolean
  readonly comments: readonly Comment[]
  readonly faults: readonly ParseFault[]
}

/** Faults of one file that are told. */
const FAULTS_MAX = 20

export const isTypeScript = (path: string): boolean => /\.(?:[cm]?ts|tsx)$/.test(path)

/** The tree of a file, or its faults alone where no tree can be made of it. */
export function readSyntax(path: string, text: string, timeMsMax: number | null): Syntax | readonly ParseFault[] {
  try {
    const file = withDeadline(timeMsMax, () => babel().parse(text, optionsOf(path)))
    if (file === 'late') return [{ line: 1, message: `is not parsed within ${timeMsMax} ms` }]
    const faults = [...(file.errors ?? [])].slice(0, FAULTS_MAX).map(faultOf)
    const comments = (file.comments ?? []).map(({ type, value, start }) => {
      return { isBlock: type === 'CommentBlock', text: value, start: start ?? 0 }
    })
    return {
      program: file.program as unknown as AstNode,
      isModule: file.program.sourceType === 'module',
      comments,
      faults,
    }
  } catch (cause) {
    return [faultOf(cause)]
  }
}

type Plugins = NonNullable<ParserOptions['plugins']>

function optionsOf(path: string): ParserOptions {
  const jsx: Plugins = /\.(?:[cm]?js|jsx|tsx)$/.test(path) ? ['jsx'] : []
  const dts = /\.d\.[cm]?ts$/.test(path)
  // Types of Flow stand only in files that begin by saying so.
  const types: Plugins = isTypeScript(path) ? [['typescript', { dts }]] : [['flow', { all: false }]]
  return {
    sourceType: 'unambiguous',
    errorRecovery: true,
    attachComment: false,
    allowImportExportEverywhere: true,
    allowAwaitOutsideFunction: true,
    allowReturnOutsideFunction: true,
    allowSuperOutsideMethod: true,
    allowUndeclaredExports: true,
    allowNewTargetOutsideFunction: true,
    plugins: [...jsx, ...types, 'decorators-legacy', 'decoratorAutoAccessors', 'deferredImportEvaluation'],
  }
}

/** Too deep nesting overflows the stack, which is an error as any other in JavaScript. */
function faultOf(cause: unknown): ParseFault {
  if (cause instanceof RangeError && /call stack/.test(cause.message))
    return { line: 1, message: 'is nested too deeply' }
  const message = messageOf(cause)
  return { line: lineOf(cause), message: message.replace(/ \(\d+:\d+\)$/, '') }
}

function lineOf(cause: unknown): number {
  if (!(cause instanceof Error && 'loc' in cause)) return 1
  const { loc } = cause
  return typeof loc === 'object' && loc !== null && 'line' in loc && typeof loc.line === 'number' ? loc.line : 1
}
