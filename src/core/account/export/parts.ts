import { exportOwnedAgents } from "../../access/agent/index.ts";
import { exportApprovals } from "../../access/approval/index.ts";
import { exportGrants } from "../../access/grant/index.ts";
import { exportOperatorEntries, exportOperators } from "../../access/operator/index.ts";
import { exportRules } from "../../access/rule/index.ts";
import { exportSessions } from "../../access/session/index.ts";
import { exportUser } from "../../access/user/index.ts";
import type { Deps, UserActor } from "../../context.ts";
import { listPreferences } from "../../discovery/preference/index.ts";
import { exportPayments, readExportedOutput } from "../../money/payment/index.ts";
import { exportCalls } from "../../observability/audit/index.ts";
import { exportConsents } from "../../personal-data/consent/index.ts";
import { exportUses, listOwnItems } from "../../personal-data/vault/index.ts";
import { exportMemberships } from "../../sponsorship/member/index.ts";
import { exportSponsorCalls } from "../../sponsorship/sponsor-audit/index.ts";
import { decryptAnswers, exportCompletions } from "../../sponsorship/task/index.ts";
import { pagesOf, ROWS_OF_PAGE } from "./paging.ts";

export type ExportContext = Pick<Deps, "db" | "sql" | "cipher" | "compute" | "signInRecords"> & {
  actor: UserActor;
};
type Row = Record<string, unknown>;
type Pages = AsyncIterable<Row[]>;

/** A part of the file: its name, the tables that its rows are from, and its rows, a page at a time. */
interface Part {
  name: string;
  tables: readonly string[];
  read: (ctx: ExportContext) => Pages;
}

const limit = ROWS_OF_PAGE;

/** The rows of a statement that lists by id what belongs to the user. */
const ofUser =
  (list: {
    all(sql: Deps["sql"], of: { user_id: string; after: string | null; limit: number }): Promise<IdRow[]>;
  }) =>
  ({ sql, actor }: ExportContext): Pages =>
    pagesOf<IdRow>((last) => list.all(sql, { user_id: actor.userId, after: last?.id ?? null, limit }));

/** The same for what belongs to the user's grants, one grant after the other. */
const ofGrants = (list: {
  all(sql: Deps["sql"], of: { grant_id: string; after: string | null; limit: number }): Promise<IdRow[]>;
}) =>
  ofEachGrant<IdRow>((sql, grantId, last) =>
    list.all(sql, { grant_id: grantId, after: last?.id ?? null, limit }),
  );

type IdRow = Row & { id: string };
type TimedRow = IdRow & { micros: bigint };

/** The same for long histories, which are read in the order of their times. */
const historyOfGrants = <R extends TimedRow>(list: {
  all(
    sql: Deps["sql"],
    of: { grant_id: string; after_micros: bigint | null; after_id: string | null; limit: number },
  ): Promise<R[]>;
}) =>
  ofEachGrant<R>((sql, grantId, last) =>
    list.all(sql, {
      grant_id: grantId,
      after_micros: last?.micros ?? null,
      after_id: last?.id ?? null,
      limit,
    }),
  );

function ofEachGrant<R extends Row>(
  readPage: (sql: Deps["sql"], grantId: string, last: R | undefined) => Promise<R[]>,
) {
  return async function* (ctx: ExportContext): AsyncGenerator<R[]> {
    for await (const grants of ofUser(exportGrants)(ctx))
      for (const { id } of grants as IdRow[]) yield* pagesOf<R>((last) => readPage(ctx.sql, id, last));
  };
}

/** One page. */
const rowsOf = (read: (ctx: ExportContext) => Promise<Row[]>) =>
  async function* (ctx: ExportContext): AsyncGenerator<Row[]> {
    yield await read(ctx);
  };

/** Changes each page. */
const mapped = <R extends Row>(
  read: (ctx: ExportContext) => AsyncIterable<R[]>,
  change: (ctx: ExportContext, row: R) => Row | Promise<Row>,
) =>
  async function* (ctx: ExportContext): AsyncGenerator<Row[]> {
    for await (const rows of read(ctx)) for (const row of rows) yield [await change(ctx, row)];
  };

/** The parts of the file, in its order. `export-catalogue.test.ts` compares them with the database's tables. */
export const EXPORT_PARTS: readonly Part[] = [
  {
    name: "user",
    tables: ["users"],
    read: rowsOf(({ sql, actor }) => exportUser.all(sql, { id: actor.userId })),
  },
  {
    name: "sign_in",
    tables: ["accounts", "account_sessions", "account_logins", "account_passkeys"],
    read: rowsOf(async ({ sql, actor, signInRecords }) => [await signInRecords.read(sql, actor.accountId)]),
  },
  {
    name: "stored_data",
    tables: ["vault_items"],
    read: rowsOf(async (ctx) => (await listOwnItems(ctx)).items),
  },
  {
    name: "stored_data_uses",
    tables: ["vault_misfits"],
    // A row for each sponsor and kind of data: one page.
    read: ofEachGrant((sql, grantId, last) =>
      last === undefined ? exportUses.all(sql, { grant_id: grantId }) : Promise.resolve([]),
    ),
  },
  {
    name: "preferences",
    tables: ["user_task_preferences"],
    read: rowsOf(async ({ db, actor }) =>
      (await listPreferences(db, actor.userId)).map(({ taskType, level, updatedAt }) => ({
        ...{ task_type: taskType, level, updated_at: updatedAt },
      })),
    ),
  },
  { name: "grants", tables: ["grants", "budget_accounts"], read: ofUser(exportGrants) },
  { name: "rules", tables: ["grant_rules"], read: ofGrants(exportRules) },
  { name: "approvals", tables: ["approvals"], read: ofUser(exportApprovals) },
  { name: "agent_sessions", tables: ["agent_sessions"], read: ofGrants(exportSessions) },
  { name: "consents", tables: ["consents"], read: ofUser(exportConsents) },
  {
    name: "task_answers",
    tables: ["task_completions"],
    read: mapped(ofCompletions, ({ cipher }, { details, ...row }) => ({
      ...row,
      answers: details === null ? null : decryptAnswers(cipher, row.id, details),
    })),
  },
  {
    name: "payments",
    tables: ["payments", "payment_events"],
    read: mapped(historyOfGrants(exportPayments), readExportedOutput),
  },
  {
    name: "calls",
    tables: ["agent_audit_logs"],
    read: async function* (ctx) {
      for await (const rows of historyOfGrants(exportCalls)(ctx))
        yield rows.map(({ micros: _, ...row }) => row);
    },
  },
  { name: "owned_agents", tables: ["agents"], read: ofUser(exportOwnedAgents) },
  {
    name: "organisations",
    tables: ["sponsor_members"],
    read: rowsOf(({ sql, actor }) => exportMemberships.all(sql, { user_id: actor.userId })),
  },
  { name: "done_for_organisations", tables: ["sponsor_audit_logs"], read: ofUser(exportSponsorCalls) },
  {
    name: "operator",
    tables: ["operators"],
    read: rowsOf(({ sql, actor }) => exportOperators.all(sql, { account_id: actor.accountId })),
  },
  {
    name: "done_as_operator",
    tables: ["operator_audit_logs"],
    read: ({ sql, actor }) =>
      pagesOf<IdRow>((last) =>
        exportOperatorEntries.all(sql, { account_id: actor.accountId, after: last?.id ?? null, limit }),
      ),
  },
];

function ofCompletions({ sql, actor }: ExportContext) {
  type Completion = Awaited<ReturnType<typeof exportCompletions.all>>[number];
  return pagesOf<Completion>((last) =>
    exportCompletions.all(sql, { user_id: actor.userId, after: last?.id ?? null, limit }),
  );
}
