import type { SqlType } from "./sql-types.ts";
import type { Sql, SqlResult, StatementLimit } from "./sql.ts";

type Shape = Readonly<Record<string, SqlType<unknown>>>;

/** The TypeScript values of a statement's parameters, or of one of its rows. */
export type Values<S extends Shape> = {
  -readonly [Name in keyof S]: S[Name] extends SqlType<infer T> ? T : never;
};

/** A statement as a value: its name, its text, and the types of its parameters and of its row. */
export interface Statement<Params extends Shape, Row extends Shape> {
  readonly name: string;
  readonly limit: StatementLimit;
  /** As it is sent: with `$1::type` in place of `$name`. */
  readonly text: string;
  readonly params: Params;
  readonly row: Row;
  /** Runs it, and returns all rows. */
  all(sql: Sql, values: Values<Params>): Promise<Values<Row>[]>;
  /** Runs it, and returns the first row, if there is one. */
  first(sql: Sql, values: Values<Params>): Promise<Values<Row> | undefined>;
  /** Runs it, and returns its row. @throws Error if it returned none */
  one(sql: Sql, values: Values<Params>): Promise<Values<Row>>;
  /** Runs it, and returns how many rows it returned or wrote. */
  count(sql: Sql, values: Values<Params>): Promise<number>;
}

/** @example type SessionRow = RowOf<typeof findSession> */
export type RowOf<S> = S extends Statement<infer _Params, infer Row> ? Values<Row> : never;

/** @example type SessionParams = ParamsOf<typeof findSession> */
export type ParamsOf<S> = S extends Statement<infer Params, infer _Row> ? Values<Params> : never;

type AnyStatement = Statement<Shape, Shape>;

/** Every statement of the program, for the test that compares each with the migrated database. */
export const STATEMENTS: AnyStatement[] = [];

/**
 * Defines a statement. In its text, `$name` stands for the parameter of that name, as often as needed; PostgreSQL gets
 * `$1::type`. Keywords don't need casts, and no value is written into the text.
 *
 * @throws Error when its module is loaded, if text and parameters don't match
 * @example
 * const findName = statement({
 *   name: "sponsor.find-name", limit: "read", params: { id: uuid }, row: { name: text },
 *   text: "SELECT name FROM sponsors WHERE id = $id",
 * });
 * const sponsor = await findName.first(sql, { id });
 */
export function statement<const Params extends Shape, const Row extends Shape>(definition: {
  name: string;
  limit: StatementLimit;
  params: Params;
  row: Row;
  text: string;
  /** Default: PostgreSQL plans it once per connection. */
  planEachTime?: boolean;
  /** Default true. See `TransactionOptions`, which decide in a transaction. */
  flushes?: boolean;
}): Statement<Params, Row> {
  const { name, limit, params, row, planEachTime = false, flushes = true } = definition;
  const names = Object.keys(params);
  const used = new Set<string>();
  const text = definition.text.replace(/\$([a-z]\w*)/g, (_placeholder, param: string) => {
    const declared = params[param];
    if (declared === undefined) throw new Error(`${name}: no parameter $${param}`);
    used.add(param);
    return `$${names.indexOf(param) + 1}::${declared.sql}`;
  });
  const unused = names.filter((param) => !used.has(param));
  if (unused.length > 0) throw new Error(`${name}: unused parameters ${unused.join(", ")}`);

  const columns = Object.entries(row).map(([column, { sql: type }]) => ({ name: column, type }));
  const run = (sql: Sql, values: Values<Params>): Promise<SqlResult> =>
    sql.run({
      ...{ name, text, limit, planEachTime, flushes, columns },
      values: names.map((param) => params[param]?.encode(values[param] as never)),
    });
  const made: Statement<Params, Row> = {
    ...{ name, limit, text, params, row },
    all: async (sql, values) => (await run(sql, values)).rows as Values<Row>[],
    first: async (sql, values) => (await made.all(sql, values))[0],
    one: async (sql, values) => {
      const first = await made.first(sql, values);
      if (first === undefined) throw new Error(`${name} returned no row`);
      return first;
    },
    count: async (sql, values) => (await run(sql, values)).count,
  };
  STATEMENTS.push(made);
  return made;
}
