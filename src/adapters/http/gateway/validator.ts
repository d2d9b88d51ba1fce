/** fastify's checks by TypeBox: strict, nothing is coerced or dropped, defaults are filled in. */
import type { FastifySchemaCompiler, FastifyTypeProvider } from 'fastify'
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { ForewarmError } from '../../../ports/errors.ts'
import { excessOf } from './excess.ts'

/** Types what handlers get by its schema; what they answer is written out by schema, and read-only data is welcome. */
export interface TypeBoxProvider extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown
  serializer: unknown
}

type Fault = { readonly instancePath: string; readonly message: string }

/** The first thing that is wrong, in words. */
function firstFault(faults: Iterable<Fault>): string {
  const [fault] = [...faults]
  if (fault === undefined) return 'does not match'
  return `${fault.instancePath === '' ? 'the value' : fault.instancePath} ${fault.message}`
}

export const typeBoxCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema)
  const refused = (fault: string) => ({
    error: new ForewarmError('FW_REQUEST_INVALID', `${httpPart ?? 'request'}: ${fault}`),
  })
  return (given) => {
    const excess = excessOf(schema, given)
    if (excess !== null) return refused(excess)
    const value = Value.Default(schema, given)
    return validator.Check(value) ? { value } : refused(firstFault(validator.Errors(value)))
  }
}
