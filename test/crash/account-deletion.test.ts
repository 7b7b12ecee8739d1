import pg from "pg";
import { beforeAll, expect, test } from "vitest";
import { Caller } from "../support/caller.ts";
import { consoleOf } from "../support/console-client.ts";
import { untilWaiting } from "../support/database.ts";
import { dump } from "../support/dump.ts";
import type { KillableServer } from "../support/killable.ts";
import { startKillable } from "../support/killable.ts";
import type { MailServer } from "../support/mail-server.ts";
import { signInLinkOf, startMailServer } from "../support/mail-server.ts";
import { Browser, newAddress } from "../support/people.ts";

/** The deletion of an account, with a server that is killed in the middle. */

let mails: MailServer;
let server: KillableServer;
const caller = new Caller(() => server.url());
beforeAll(async () => {
  mails = await startMailServer();
  server = await startKillable({
    ...{ SMTP_URL: `smtp://127.0.0.1:${mails.port}`, MAIL_FROM: "post@tollfree.example" },
  });
  return async () => {
    await server.close();
    mails.close();
  };
}, 120_000);

async function signIn(email: string): Promise<Browser> {
  const browser = new Browser(() => server.url());
  await browser.post("/auth/sign-in/magic-link", { email });
  await browser.get(await signInLinkOf(mails, email));
  return browser;
}

test(
  "given a server killed in the middle of it, all of the person is as before, and the deletion can be repeated",
  { timeout: 180_000 },
  async () => {
    const email = newAddress();
    const userId = await caller.createUser({ email });
    const browser = await signIn(email);
    await consoleOf(server.url(), browser).session.me.query();
    await caller.openSession(await caller.createGrant({ userId }));
    for (const data_type of ["name", "region"])
      await caller.callAdmin("putVaultItem", { user_id: userId, data_type, value: "canary" });
    // Notices are sent by themselves, and calls are counted.
    const stored = async (): Promise<string[]> =>
      (await dump(server.database.url))
        .split("\n")
        .filter((line) => !/^(notices|rate_limit)/.test(line))
        .sort();
    await expect.poll(() => server.database.db.notice.count({ where: { sentAt: null } })).toBe(0);
    const before = await stored();

    // The deletion has erased half of it when it comes to the stored data, which is locked.
    const other = new pg.Client({ connectionString: server.database.url });
    await other.connect();
    await other.query("BEGIN");
    await other.query("SELECT FROM vault_items WHERE user_id = $1 FOR UPDATE", [userId]);
    const killed = consoleOf(server.url(), browser).account.delete.mutate({ email });
    const ended = killed.then(
      () => "deleted",
      () => "cut off",
    );
    await untilWaiting(server.database.db, 1);
    await server.killAndRestart();
    await other.query("ROLLBACK");
    await other.end();
    expect(await ended).toBe("cut off");
    expect(await stored()).toEqual(before);

    await consoleOf(server.url(), browser).account.delete.mutate({ email });
    const after = (await stored()).join("\n");
    expect(after).not.toContain(email);
    expect(after).not.toContain("vault_items");
  },
);
