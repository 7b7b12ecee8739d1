import type { SignInRecords } from "../../core/ports/sign-in.ts";
import {
  deleteAccount,
  deleteVerifications,
  lockAccount,
  readAccount,
  readLogins,
  readPasskeys,
  readSessions,
} from "./records-store.ts";

/** Reads and erases the sign-in library's tables, in statements, so that they run in a transaction with others. */
export const SIGN_IN_RECORDS: SignInRecords = {
  read: async (sql, accountId) => ({
    account: await readAccount.first(sql, { id: accountId }),
    sessions: await readSessions.all(sql, { account_id: accountId }),
    logins: await readLogins.all(sql, { account_id: accountId }),
    passkeys: await readPasskeys.all(sql, { account_id: accountId }),
  }),
  async lock(sql, { accountId, sessionId }, freshSeconds) {
    const locked = await lockAccount.first(sql, {
      ...{ account_id: accountId, session_id: sessionId, fresh_seconds: freshSeconds },
    });
    if (locked === undefined) return "gone";
    return locked.is_fresh ? "fresh" : "stale";
  },
  async erase(sql, { accountId, email }) {
    await deleteVerifications.count(sql, { account_id: accountId, email: email.toLowerCase() });
    await deleteAccount.count(sql, { account_id: accountId });
  },
};
