import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { expectRefused, expectSuccess } from "../support/call.ts";
import { CONSENT, GRANT_SCOPES } from "../support/caller.ts";
import { consoleOf } from "../support/console-client.ts";
import { decryptedDump } from "../support/decrypted-dump.ts";
import { Browser, Mailbox, newAddress, PASSWORD, signUp } from "../support/people.ts";
import { daysFromNow } from "../support/time.ts";
import { useReplica, useWorld } from "../support/use-world.ts";

/** A person deletes their account while everything else that stores something of them happens. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox, upstreamFor: "all tests" });
const replica = useReplica(world);

const ROUNDS = 12;
const SCOPES = { ...GRANT_SCOPES, allowed_data_types: ["region" as const, "email" as const] };

test(
  "nothing of a person is stored after a deletion at the same moment as runs, answers, a decision, stored data and sign-ins",
  { timeout: 240_000 },
  async () => {
    const { service, campaignId } = await world.offerService();
    const free = await world.offerService({ behaviour: "free", api: { price_cents: 0 } });
    const another = await world.offerService();
    const outcomes = new Set<string>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const canary = `canary${round}x${Math.random().toString(36).slice(2)}`;
      const email = newAddress();
      const userId = await world.createUser({ email });
      const browser = new Browser(() => world.server.url);
      await signUp(browser, mailbox, email);
      const password = { email, password: PASSWORD };
      await browser.post("/auth/sign-in/email", password);
      const grant = await world.createGrant({ userId, scopes: SCOPES });
      const { token } = await world.openSession(grant);
      const complete = (campaign_id: string) =>
        world.call(
          "agent.completeTask",
          { campaign_id, task_data: { score: 4, region: canary }, consent: CONSENT },
          token,
        );
      for (const id of [campaignId, free.campaignId]) expectSuccess(await complete(id));
      const asked = await world.call(
        "agent.auth",
        {
          user_id: grant.subject,
          scopes: { ...SCOPES, allowed_categories: [canary] },
          budget_limit_cents: 60,
        },
        grant.agent_key,
      );
      const { approval_id, user_code } = asked.body.details as { approval_id: string; user_code: string };
      const user = consoleOf(world.server.url, browser);
      await user.approvals.enter_code.mutate({ approval_id, code: user_code });

      const run = (key: string, of: typeof world | typeof replica, n: number) =>
        of.call(
          "agent.runService",
          { service_key: key, input: { place: canary }, idempotency_key: `${canary}-${key}-${n}` },
          token,
        );
      const together: Promise<unknown>[] = [
        sleep(round * 6).then(() => user.account.delete.mutate({ email })),
        ...[0, 1, 2].map((n) => run(service, n % 2 === 0 ? world : replica, n)),
        ...[0, 1, 2].map((n) => run(free.service, n % 2 === 0 ? world : replica, n)),
        complete(another.campaignId),
        user.approvals.decide.mutate({
          ...{ approval_id, decision: "approve", budget_limit_cents: 60, expires_at: daysFromNow(1) },
          scopes: { ...SCOPES, allowed_categories: [canary] },
        }),
        ...[0, 1, 2].map(() =>
          world.callAdmin("putVaultItem", { user_id: userId, data_type: "name", value: canary }),
        ),
        world.openSession(grant),
        new Browser(() => world.server.url).post("/auth/sign-in/email", password),
      ];
      const [deletion, ...others] = await Promise.allSettled(together);
      if (deletion?.status === "rejected") throw deletion.reason;
      for (const other of others)
        outcomes.add(
          other.status === "rejected"
            ? "refused"
            : String((other.value as { status?: number }).status ?? 200),
        );

      expectRefused(await world.call("agent.flowStatus", {}, token), 401, "session_revoked");
      expect(await world.db.liveGrant.count({ where: { userId } })).toBe(0);
      expect(await world.db.liveSession.count({ where: { userId } })).toBe(0);
      expect(await world.db.consent.count({ where: { userId, withdrawnAt: null } })).toBe(0);
      expect(await world.db.payment.count({ where: { userId, request: { not: null } } })).toBe(0);
      const stored = await decryptedDump(world.database.url, world.server.options.encryptionKeys[0]);
      for (const text of [canary, email])
        expect(
          stored.split("\n").filter((line) => line.includes(text)),
          `round ${round}`,
        ).toEqual([]);
    }
    // Both orders were seen: calls before the deletion, and after it.
    expect([...outcomes]).toEqual(expect.arrayContaining(["200", "401"]));
  },
);
