import type { ParseFault } from '../../../dependencies/parsed-file.ts'
import type { Node } from './reader.ts'

/** Faults told of one file; a file of something else would have thousands. */
const FAULTS_MAX = 20
const QUOTED_CHARACTERS_MAX = 30

/** What the grammar has no place for, and what it misses, in the order of the text. */
export function faultsOf(root: Node): readonly ParseFault[] {
  const faults: ParseFault[] = []
  const open = root.hasError ? [root] : []
  for (let node = open.pop(); node !== undefined && faults.length < FAULTS_MAX; node = open.pop()) {
    if (node.isError || node.isMissing) faults.push({ line: lineOf(node), message: messageOf(node) })
    else for (const child of node.children.toReversed()) if (child.hasError) open.push(child)
  }
  return faults
}

/** From 1. */
export const lineOf = (node: Node): number => node.startPosition.row + 1

/** Of the last character, from 1. */
export const lastLineOf = (node: Node): number => {
  const { row, column } = node.endPosition
  return Math.max(lineOf(node), column === 0 ? row : row + 1)
}

function messageOf(node: Node): string {
  if (node.isMissing) return `expected '${node.type}'`
  const [line = ''] = node.text.trimStart().split('\n', 1)
  return `cannot be parsed: '${line.slice(0, QUOTED_CHARACTERS_MAX)}'`
}
