import { expect, test } from "vitest";
import { createBuyer } from "../support/buyer.ts";
import { EVERYTHING } from "../support/caller.ts";
import { expectRefused, expectSuccess } from "../support/call.ts";
import { balanceOf } from "../support/chain.ts";
import { eventually } from "../support/eventually.ts";
import { expectBooksToBalance } from "../support/money.ts";
import { ADMIN_KEY } from "../support/server.ts";
import { commandsOf, runCommands } from "../support/shell.ts";
import { daysFromNow } from "../support/time.ts";
import { useWorld } from "../support/use-world.ts";

/** The guides' commands, run as they stand in docs/. */

const world = useWorld();

test("a new sponsor gets through the sponsors' guide: register, fund, try, see, pause, withdraw", async () => {
  const { wallet, privateKey } = await createBuyer(1_000_000n);
  const printed = await runCommands(commandsOf("sponsors.md"), {
    URL: world.url,
    ADMIN_KEY,
    UPSTREAM: world.upstream.url("honest"),
    WALLET_ADDRESS: wallet.address,
    WALLET_PRIVATE_KEY: privateKey,
  });

  expect(printed).toContain(`"pay_to": "${world.upstream.payTo}"`);
  expect(printed).toContain('"create_campaign"');
  expect(printed).toContain('"credited_cents": 100');
  expect(printed).toContain('"delivered": true');
  expect(printed).toContain("answer_id,");
  const campaign = await world.db.campaign.findFirstOrThrow({ include: { budgetAccount: true } });
  expect(campaign).toMatchObject({
    name: "Daylight survey",
    active: false,
    archivedAt: expect.any(Date) as Date,
  });
  const api = await world.db.sponsoredApi.findUniqueOrThrow({ where: { serviceKey: "my-daylight" } });
  expect(api).toMatchObject({ active: false, archivedAt: expect.any(Date) as Date });
  await eventually(async () => expect(await balanceOf(wallet.address)).toBe(980_000n));
  await expectBooksToBalance(world.db);
});

test("an operator gets through the users' guide: decide, and take back", async () => {
  const email = "grace@example.com";
  await world.createUser({ email });
  const agent = await world.admin("/admin/agents", { name: "Helper" });
  const agentKey = agent["api_key"] as never as string;
  const wish = { scopes: EVERYTHING, budget_limit_cents: 50 };
  const asked = await world.call("agent.auth", wish, agentKey);
  const { approval_id } = expectRefused(asked, 403, "consent_required").details as { approval_id: string };

  const commands = commandsOf("users.md");
  const takesBack = commands.findIndex((block) => block.includes("/admin/grants/"));
  const variables = { URL: world.url, ADMIN_KEY, EMAIL: email, TOMORROW: daysFromNow(1) };
  const printed = await runCommands(commands.slice(0, takesBack), variables);
  expect(printed).toContain('"agent": "Helper"');

  const state = expectSuccess(await world.call("agent.getApproval", { approval_id }, agentKey));
  expect(state["status"]).toBe("approved");
  const session = await world.openSession(
    { agent_key: agentKey, subject: state["user_id"] as string },
    { budgetCents: 20 },
  );
  expectSuccess(await world.call("agent.flowStatus", {}, session.token));

  const taken = await runCommands(commands.slice(takesBack), variables);
  expect(taken.trim()).toBe("true");
  expectRefused(await world.call("agent.flowStatus", {}, session.token), 401, "session_revoked");
});
