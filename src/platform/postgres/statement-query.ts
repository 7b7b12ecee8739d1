import type { Submittable } from "pg";
import pg from "pg";
import { prepareValue } from "pg/lib/utils.js";
import type { SqlQuery, SqlResult } from "../../core/ports/sql.ts";

type Parse = (text: string) => unknown;

const OID = { timestamptz: 1184, bytea: 17, textArray: 1009, booleanArray: 1000 };
const parserOf = (oid: number): Parse => (pg.types.getTypeParser as (type: number) => Parse)(oid);
const itself: Parse = (text) => text;
const parseTexts = parserOf(OID.textArray);

/** What a value is in JavaScript, by its declared type. */
const PARSERS: Readonly<Record<string, Parse>> = {
  uuid: itself,
  text: itself,
  boolean: (text) => text === "t",
  integer: Number,
  "double precision": Number,
  bigint: BigInt,
  bytea: parserOf(OID.bytea),
  "timestamp with time zone": parserOf(OID.timestamptz),
  jsonb: (text) => JSON.parse(text) as unknown,
  "text[]": (text) => (isPlain(text) ? splitPlain(text) : parseTexts(text)),
  "uuid[]": (text) => splitPlain(text),
  "bigint[]": (text) => splitPlain(text).map(BigInt),
  "boolean[]": parserOf(OID.booleanArray),
};

/** Whether no element of a PostgreSQL array is quoted, escaped, a list or null. */
const isPlain = (text: string): boolean => !/["\\]|NULL|^\{\{/.test(text);
const splitPlain = (text: string): string[] => (text === "{}" ? [] : text.slice(1, -1).split(","));

/** What a query of others, such as a cursor, uses of `pg`'s connection. Its types leave this out. */
interface Connection {
  stream: { cork(): void; uncork(): void };
  /** By name: the statements that this connection knows. `pg` adds to it. */
  parsedStatements: Record<string, string | undefined>;
  parse(message: { name: string; text: string; types: never[] }): void;
  bind(message: { statement: string; values: unknown[] }): void;
  execute(message: object): void;
  sync(): void;
}

/**
 * Runs a statement whose columns are known. `pg`'s own query has PostgreSQL describe them each time, and looks up the parser of each
 * by its type. The methods are those that `pg` calls as the messages come.
 */
export class StatementQuery implements Submittable {
  readonly name: string;
  readonly text: string;
  readonly result: Promise<SqlResult>;
  readonly #values: unknown[];
  readonly #columns: readonly { name: string; parse: Parse }[];
  readonly #rows: Record<string, unknown>[] = [];
  #count = 0;
  #resolve!: (result: SqlResult) => void;
  #reject!: (error: unknown) => void;

  /** @param isNamed whether the connection keeps the statement, and after some runs its plan */
  constructor({ name, text, values, columns }: SqlQuery, isNamed: boolean) {
    this.name = isNamed ? name : "";
    this.text = text;
    this.#values = values.map((value) => prepareValue(value));
    this.#columns = columns.map((column) => ({ name: column.name, parse: PARSERS[column.type] ?? itself }));
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: pg.Connection): void {
    const { name, text } = this;
    const to = connection as unknown as Connection;
    // All messages leave together.
    to.stream.cork();
    if (name === "" || to.parsedStatements[name] === undefined) to.parse({ name, text, types: [] });
    to.bind({ statement: name, values: this.#values });
    to.execute({});
    to.sync();
    to.stream.uncork();
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    const row: Record<string, unknown> = {};
    for (let index = 0; index < fields.length; index += 1) {
      const column = this.#columns[index];
      const text = fields[index] ?? null;
      // Columns that aren't declared are left out.
      if (column !== undefined) row[column.name] = text === null ? null : column.parse(text);
    }
    this.#rows.push(row);
  }

  /** @param message ends with the number of rows, such as `UPDATE 3` */
  handleCommandComplete({ text }: { text: string }): void {
    this.#count = Number(/\d+$/.exec(text)?.[0] ?? 0);
  }

  handleReadyForQuery(): void {
    this.#resolve({ rows: this.#rows, count: this.#count });
  }

  handleError(error: unknown): void {
    this.#reject(error);
  }

  handleEmptyQuery(): void {
    // Nothing comes of it.
  }

  handlePortalSuspended(): void {
    // Only where rows are asked for in parts.
  }
}
