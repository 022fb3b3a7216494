import Type, { type Static, type TSchema } from 'typebox'

/** The one shape of every failing answer. */
export const ErrorAnswer = Type.Object({
  code: Type.String(),
  message: Type.String(),
  why: Type.Optional(Type.String()),
  fix: Type.Optional(Type.String()),
})

/** An answer that sends the browser elsewhere, by its header Location. */
export const Redirect = (description: string) => Type.Null({ description })

/** An answer that is a page for people. */
export const Page = (description: string) => ({ description, content: { 'text/html': { schema: Type.String() } } })

/** The id of a user, a workspace, an organization or an API key. */
export const Identifier = Type.String({ pattern: '^[a-z0-9]{10}$' })

/** Path parameters of one object. */
export const IdParams = Type.Object({ id: Identifier }, { additionalProperties: false })

/** A plain value that may be null: one schema, because the serializer tries each member of a union, for each value. */
export const nullable = <T extends TSchema & { type: string }>(schema: T) =>
  Type.Unsafe<Static<T> | null>({ ...schema, type: [schema.type, 'null'] })

/** One of some texts. */
export const oneOf = <const T extends readonly string[]>(texts: T) => Type.Enum([...texts] as T[number][])

export const UserAnswer = Type.Object({
  id: Type.String(),
  username: Type.String(),
  role: Type.String(),
  organizations: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'roles by organization id' })),
})

export const WorkspaceRequest = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$',
      description: 'a DNS label of up to 32 characters',
    }),
    organization: Type.Optional(Identifier),
    image: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1024, description: "an image's id or full reference" }),
    ),
    tag: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    autoOffMinutes: Type.Optional(
      Type.Union([Type.Integer({ minimum: 5, maximum: 43_200 }), Type.Null()], {
        description: 'stops after so long without use; null: never',
      }),
    ),
    cpu: Type.Number({ minimum: 0.25, maximum: 64, multipleOf: 0.25, description: 'cores' }),
    memoryGiB: Type.Integer({ minimum: 1, maximum: 512 }),
    diskGiB: Type.Integer({ minimum: 1, maximum: 4096 }),
    gpus: Type.Optional(Type.Integer({ minimum: 0, maximum: 64, description: 'whole ones; 0 without a word' })),
  },
  { additionalProperties: false },
)

export const WorkspaceAnswer = Type.Object({
  id: Type.String(),
  name: Type.String(),
  owner: Type.Object({ id: Type.String(), username: Type.String() }),
  organization: Type.String({ description: 'its id' }),
  image: Type.String(),
  cpu: Type.Number(),
  memoryGiB: Type.Integer(),
  diskGiB: Type.Integer(),
  gpus: Type.Integer(),
  status: oneOf(['CREATING', 'ON', 'OFF', 'FAILED', 'UNKNOWN']),
  statusMessage: Type.Optional(Type.String()),
  imageId: nullable(Type.String()),
  tag: nullable(Type.String()),
  autoOffMinutes: nullable(Type.Integer()),
  lastActiveAt: nullable(Type.String({ format: 'date-time' })),
  createdAt: Type.String({ format: 'date-time' }),
  editorUrl: nullable(
    Type.String({ description: 'for its owner, in a browser; null where the site has no host for editors' }),
  ),
  editorOff: Type.Optional(ErrorAnswer),
})
