/** tree-sitter and its grammars, as WebAssembly: the same on every machine, and nothing is compiled at installation. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { Language, Parser } from 'web-tree-sitter'

/** What is used of it; Node's types tell nothing of this global. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<object>
  Instance: new (module: object, imports: Imports) => Instance
}

type Instance = { readonly exports: { malloc(bytes: number): number } }
type Imports = { readonly env: { readonly __stack_pointer: { value: number } } }

/**
 * tree-sitter comes with 64 KiB of stack for what C keeps there, and nothing looks whether they are used up: ten
 * kilobytes of brackets overwrite its own data. On a larger one the stack of JavaScript ends first (at a megabyte, four
 * in a thread), and that is an error that can be caught.
 */
const STACK_BYTES = 16 * 2 ** 20

export type Runtime = {
  /** Takes back what calls that were cut short have left on the stack. Only while nothing runs. */
  resetStack(): void
}

const { resolve } = createRequire(import.meta.url)
const loading = new Map<string, Promise<Language>>()
let starting: Promise<Runtime> | undefined

/** The runtime and the grammar in the package of this name, loaded once in a thread. */
export async function loadGrammar(name: string): Promise<{ readonly runtime: Runtime; readonly grammar: Language }> {
  starting ??= startRuntime()
  const runtime = await starting
  const grammar = loading.get(name) ?? Language.load(resolve(`${name}/${name}.wasm`))
  loading.set(name, grammar)
  return { runtime, grammar: await grammar }
}

async function startRuntime(): Promise<Runtime> {
  const module = await WebAssembly.compile(await readFile(resolve('web-tree-sitter/web-tree-sitter.wasm')))
  const { promise: started, resolve: start } = Promise.withResolvers<{ imports: Imports; instance: Instance }>()
  await Parser.init({
    // A hook of Emscripten; the names are those of its dynamic linking.
    instantiateWasm(imports: Imports, done: (instance: Instance, module: object) => void) {
      const instance = new WebAssembly.Instance(module, imports)
      start({ imports, instance })
      done(instance, module)
    },
  })
  const { imports, instance } = await started
  const top = instance.exports.malloc(STACK_BYTES) + STACK_BYTES
  const resetStack = (): void => {
    imports.env.__stack_pointer.value = top
  }
  return { resetStack }
}
