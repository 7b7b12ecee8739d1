import { z } from "zod";
import { invalidField } from "./errors.ts";
import { isId } from "./fields.ts";

/** Where a page of a list ends that is sorted by time and id, the newest first. */
export interface Cursor {
  /** Microseconds since 1970: PostgreSQL's times are finer than JavaScript's. */
  micros: bigint;
  id: string;
}

/** The fields of a request for one page. */
export const CursorPaging = {
  cursor: z.string().max(80).optional().meta({ description: "`next_cursor` of the page before" }),
  limit: z.number().int().min(1).max(100).optional(),
};

export const NextCursor = z.string().nullable().meta({ description: "null: this is the last page" });

const FORM = /^(\d{1,18})_([0-9a-f-]{36})$/;

/** @throws AppError `validation_error` for a text that no page gave */
export function readCursor(text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined;
  const [, micros = "", id = ""] = FORM.exec(text) ?? [];
  if (!isId(id)) throw invalidField("/cursor", "is not a cursor that a page gave", "pattern");
  return { micros: BigInt(micros), id };
}

/** The page and the cursor of the next one, of rows of which one more than the page was asked for. */
export function cutPage<Row extends Cursor>(
  rows: readonly Row[],
  limit: number,
): { page: Row[]; nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { page, nextCursor: hasMore ? `${last.micros}_${last.id}` : null };
}

/** SQL: the time of a row in microseconds. */
export const microsOf = (column: string): string => `(extract(epoch FROM ${column}) * 1000000)::bigint`;

const timeOf = (micros: string): string => `'epoch'::timestamptz + ${micros} * interval '1 microsecond'`;

/**
 * SQL: a row comes after the cursor `$before_micros`, `$before_id` (null: none) in a list with the newest first. One comparison,
 * without OR, so that an index finds where the page begins.
 */
export const isAfterCursor = (time: string, id: string): string =>
  `(${time}, ${id}) < (coalesce(${timeOf("$before_micros")}, 'infinity'), coalesce($before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))`;

/** SQL: the row comes after the cursor `$after_micros`, `$after_id` (null: none) in a list with the oldest first. */
export const isLaterThan = (time: string, id: string): string =>
  `(${time}, ${id}) > (coalesce(${timeOf("$after_micros")}, '-infinity'), coalesce($after_id, '00000000-0000-0000-0000-000000000000'))`;
