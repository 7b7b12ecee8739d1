import { beforeAll, expect, test } from "vitest";
import { Caller } from "../support/caller.ts";
import { eventually } from "../support/eventually.ts";
import type { KillableServer } from "../support/killable.ts";
import { startKillable } from "../support/killable.ts";
import type { MailServer } from "../support/mail-server.ts";
import { signInLinkOf, startMailServer } from "../support/mail-server.ts";
import { Browser, newAddress } from "../support/people.ts";

/** Mails to people, with a server that is killed. */

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
});

/** Signs in with a link of a mail. Returns the user's id. */
async function signIn(email: string): Promise<string> {
  const browser = new Browser(() => server.url());
  await browser.post("/auth/sign-in/magic-link", { email });
  await browser.get(await signInLinkOf(mails, email));
  const answer = await browser.get("/user/trpc/user.session.me");
  return answer.body.result.data.data.person.user_id;
}

test(
  "given a server killed between a commit and its mail, and between a mail and its mark, every mail comes, in order",
  { timeout: 180_000 },
  async () => {
    const email = newAddress();
    const userId = await signIn(email);
    const about = (): string[] =>
      mails.mails.flatMap((mail) =>
        mail.includes(`To: ${email}`)
          ? (/up to=?[ _]?([\d.]+)/.exec(mail.replaceAll("=\n", ""))?.[1] ?? [])
          : [],
      );

    // The mail server has got the mail, and the server dies before it hears so.
    mails.answers = "hold";
    const grant = await caller.createGrant({ userId, budgetCents: 1 });
    await eventually(() => expect(about()).toEqual(["1"]));
    await server.killAndRestart();
    mails.answers = "take";
    // The server dies as soon as it has answered.
    for (const budgetCents of [2, 3, 4]) {
      await caller.putGrant(grant, { budgetCents });
      await server.killAndRestart();
    }
    await eventually(() => expect([...new Set(about())]).toEqual(["1", "2", "3", "4"]), 120_000);
    expect(about().filter((amount) => amount === "1").length).toBeGreaterThanOrEqual(2);
    expect(about()).toEqual(about().toSorted());
    await eventually(async () =>
      expect(await server.database.db.notice.count({ where: { sentAt: null } })).toBe(0),
    );
  },
);
