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
  readonly #before: readonly string[];
  readonly #after: readonly string[];
  readonly #rows: Record<string, unknown>[] = [];
  #count = 0;
  /** How many commands have ended. */
  #ended = 0;
  #resolve!: (result: SqlResult) => void;
  #reject!: (error: unknown) => void;

  /**
   * @param isNamed whether the connection keeps the statement, and after some runs its plan
   * @param before commands that are sent with it and run before it, such as `BEGIN`. If one of them fails, those behind it
   *   don't run
   * @param after the same, run after it
   */
  constructor(
    { name, text, values, columns }: SqlQuery,
    { isNamed, before, after }: { isNamed: boolean; before: readonly string[]; after: readonly string[] },
  ) {
    this.#before = before;
    this.#after = after;
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
    const isKnown = name !== "" && to.parsedStatements[name] !== undefined;
    // A named statement is parsed first: `pg` takes the first answer to a `parse` for its own.
    if (name !== "" && !isKnown) to.parse({ name, text, types: [] });
    for (const command of this.#before) runCommand(to, command);
    if (name === "") to.parse({ name, text, types: [] });
    to.bind({ statement: name, values: this.#values });
    to.execute({});
    for (const command of this.#after) runCommand(to, command);
    to.sync();
    to.stream.uncork();
  }

  get #isOwn(): boolean {
    return this.#ended === this.#before.length;
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    if (!this.#isOwn) return;
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
    if (this.#isOwn) this.#count = Number(/\d+$/.exec(text)?.[0] ?? 0);
    this.#ended += 1;
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

/** Sends a command without parameters, as an unnamed statement. */
function runCommand(to: Connection, text: string): void {
  to.parse({ name: "", text, types: [] });
  to.bind({ statement: "", values: [] });
  to.execute({});
}
