/**
 * The kinds of settings that the schema is made of. Each leaf says what it is for and what it is when nobody sets it:
 * the same text prints in `forewarm config schema` and in docs/configuration.md.
 */
import { type TSchema, Type } from 'typebox'

type NumberBounds = { readonly minimum?: number; readonly maximum?: number }

export const textSetting = (description: string, value: string, options: { readonly pattern?: string } = {}) =>
  Type.String({ description, default: value, ...options })

export const integerSetting = (description: string, value: number, bounds: NumberBounds = {}) =>
  Type.Integer({ description, default: value, minimum: 0, ...bounds })

export const numberSetting = (description: string, value: number, bounds: NumberBounds = {}) =>
  Type.Number({ description, default: value, ...bounds })

export const switchSetting = (description: string, value: boolean) => Type.Boolean({ description, default: value })

/** One of a few words. */
export const choiceSetting = <const Choice extends string>(
  description: string,
  choices: readonly Choice[],
  value: NoInfer<Choice>,
) => Type.Enum<Choice[]>([...choices], { description, default: value })

/** Several texts; in an environment variable separated by commas. */
export const listSetting = (
  description: string,
  value: readonly string[],
  options: { readonly minItems?: number } = {},
) => Type.Array(Type.String({ minLength: 1 }), { description, default: [...value], ...options })

/** A setting that may be absent. */
export const maybe = <Member extends TSchema>(description: string, member: Member) =>
  Type.Union([member, Type.Null()], { description, default: null })

/** Sections one after the other. */
export const several = <Member extends TSchema>(description: string, member: Member) =>
  Type.Array(member, { description, default: [] })

/** A text that may be absent. */
export const optionalSetting = (description: string) =>
  Type.Union([Type.String({ minLength: 1 }), Type.Null()], { description, default: null })

/** Like an optional text, but never printed. */
export const secretSetting = (description: string) =>
  Type.Union([Type.String({ minLength: 1 }), Type.Null()], { description, default: null, secret: true })

/** Settings that belong together; other keys are errors. */
export const section = <Members extends Record<string, TSchema>>(description: string, members: Members) =>
  Type.Object(members, { description, additionalProperties: false })

/** Settings that exist once for each name that the user gives. */
export const named = <Member extends TSchema>(description: string, names: string, member: Member) =>
  Type.Record(Type.String({ pattern: names }), member, { description, default: {} })
