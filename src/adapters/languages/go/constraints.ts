/**
 * Which files `go list` leaves out, for one platform that is the same on every machine: linux/amd64 with cgo, the gc
 * compiler, any version of Go, no tags of one's own.
 */

const OPERATING_SYSTEM = 'linux'
const ARCHITECTURE = 'amd64'

/** Names of `go tool dist list`, and those that once were there. */
const OPERATING_SYSTEMS = new Set(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos'.split(
    ' ',
  ),
)
const ARCHITECTURES = new Set(
  (
    '386 amd64 amd64p32 arm arm64 arm64be armbe loong64 mips mips64 mips64le mips64p32 mips64p32le mipsle ppc ppc64 ' +
    'ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm'
  ).split(' '),
)

const TAGS = new Set([OPERATING_SYSTEM, ARCHITECTURE, 'unix', 'gc', 'cgo'])

/** Longer constraints than anybody writes hold. */
const EXPRESSION_CHARACTERS_MAX = 1_000

/** By the name of a file, and by what stands before its package clause. */
export function isLeftOut(path: string, head: string): boolean {
  return !fitsByName(path) || (head.includes('build') && !fitsByText(head))
}

/** `_`, `.` and the last parts of a name, as in `dir_linux.go`, `dir_windows_arm64.go`. */
export function fitsByName(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (name.startsWith('_') || name.startsWith('.')) return false
  const parts = name.slice(0, name.indexOf('.')).split('_').slice(1)
  if (parts.at(-1) === 'test') parts.pop()
  const last = parts.at(-1) ?? ''
  const before = parts.at(-2) ?? ''
  if (ARCHITECTURES.has(last)) {
    return last === ARCHITECTURE && (!OPERATING_SYSTEMS.has(before) || before === OPERATING_SYSTEM)
  }
  return !OPERATING_SYSTEMS.has(last) || last === OPERATING_SYSTEM
}

function fitsByText(head: string): boolean {
  const lines = head.split('\n').map((line) => line.trim())
  const expression = lines.find((line) => /^\/\/go:build\s/.test(line))
  if (expression !== undefined) return evaluate(expression.slice('//go:build'.length))
  // The older form counts only where an empty line stands between it and the package clause.
  const known = lines.slice(0, lines.lastIndexOf('', lines.length - 2) + 1)
  return known.every((line) => {
    const options = /^\/\/\s*\+build\s+(.*)$/.exec(line)?.[1]
    return options === undefined || options.split(/\s+/).some((option) => option.split(',').every(fitsTerm))
  })
}

const fitsTerm = (term: string): boolean => (term.startsWith('!') ? !fitsTag(term.slice(1)) : fitsTag(term))

const fitsTag = (tag: string): boolean => TAGS.has(tag) || /^go1\.\d+$/.test(tag)

/** `a && (b || !c)`. What is no expression holds. */
function evaluate(expression: string): boolean {
  if (expression.length > EXPRESSION_CHARACTERS_MAX) return true
  const tokens = expression.split('//')[0]?.match(/&&|\|\||[!()]|[^\s&|!()]+/g) ?? []
  let next = 0
  const take = (token: string): boolean => {
    if (tokens[next] !== token) return false
    next++
    return true
  }
  const any = (): boolean => {
    let holds = all()
    while (take('||')) holds = all() || holds
    return holds
  }
  const all = (): boolean => {
    let holds = one()
    while (take('&&')) holds = one() && holds
    return holds
  }
  const one = (): boolean => {
    if (take('!')) return !one()
    if (!take('(')) return fitsTag(tokens[next++] ?? 'unix')
    const holds = any()
    take(')')
    return holds
  }
  return any()
}
