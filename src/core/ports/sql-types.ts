/**
 * PostgreSQL's types as statements use them: the type's name there, and how a value is sent. What a value is when it
 * comes back is the same TypeScript type `T`; the adapter in platform/postgres/sql-pool.ts parses it.
 */
export interface SqlType<T> {
  /** As `format_type` writes it. */
  readonly sql: string;
  readonly nullable: boolean;
  readonly encode: (value: never) => unknown;
  /** Only for the type checker. */
  readonly value?: T;
}

const type = <T>(sql: string, encode: (value: T) => unknown = (value) => value): SqlType<T> => ({
  sql,
  nullable: false,
  encode,
});

export const uuid = type<string>("uuid");
export const text = type<string>("text");
/** A text that is one of these. */
export const oneOf = <const Value extends string>(..._values: Value[]): SqlType<Value> => type<Value>("text");
export const boolean = type<boolean>("boolean");
export const integer = type<number>("integer");
export const double = type<number>("double precision");
export const bigint = type<bigint>("bigint");
export const bytes = type<Uint8Array>("bytea");
export const timestamp = type<Date>("timestamp with time zone", (value) => value.toISOString());
export const texts = <T extends string = string>(): SqlType<T[]> => type("text[]");
export const bigints = type<readonly bigint[]>("bigint[]");
export const uuids = type<readonly string[]>("uuid[]");
/** A list of these values, each null where `of` is nullable. */
export const listOf = <T>(of: SqlType<T>): SqlType<readonly T[]> =>
  type(`${of.sql}[]`, (values) => values.map((value) => of.encode(value as never)));
/** Any JSON value. It is sent as text: `pg` would make a PostgreSQL array of a JavaScript array. */
export const json = <T = unknown>(): SqlType<T> => type<T>("jsonb", (value) => JSON.stringify(value));
export const nullable = <T>(of: SqlType<T>): SqlType<T | null> => ({
  sql: of.sql,
  nullable: true,
  encode: (value: unknown) => (value === null ? null : of.encode(value as never)),
});
