/** fastify's checks by TypeBox: strict, nothing is coerced or dropped, defaults are filled in. */
import type { FastifySchemaCompiler, FastifyTypeProvider } from 'fastify'
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { ForewarmError } from '../../../ports/errors.ts'

/** Types what handlers get by its schema; what they answer is written out by schema, and read-only data is welcome. */
export interface TypeBoxProvider extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown
  serializer: unknown
}

type Fault = { readonly instancePath: string; readonly message: string; readonly params?: unknown }

/** The first thing that is wrong, in words. */
export function firstFault(faults: Iterable<Fault>): string {
  const all = [...faults]
  // A stray key shows as two faults; the one that names it is of more use.
  const fault = all.find(({ params }) => strayKeys(params).length > 0) ?? all[0]
  if (fault === undefined) return 'does not match'
  const stray = strayKeys(fault.params)
  const where = fault.instancePath === '' ? 'the value' : fault.instancePath
  return stray.length > 0 ? `${where} has unknown ${stray.join(', ')}` : `${where} ${fault.message}`
}

const strayKeys = (params: unknown): readonly string[] =>
  (params as { readonly additionalProperties?: readonly string[] } | undefined)?.additionalProperties ?? []

export const typeBoxCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema)
  return (given) => {
    const value = Value.Default(schema, given)
    if (validator.Check(value)) return { value }
    const fault = firstFault(validator.Errors(value))
    return { error: new ForewarmError('FW_REQUEST_INVALID', `${httpPart ?? 'request'}: ${fault}`) }
  }
}
