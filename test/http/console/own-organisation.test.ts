import { beforeEach, describe, expect, test } from "vitest";
import type { SignedIn } from "../../support/console-client.ts";
import { refusalOf, signInPerson } from "../../support/console-client.ts";
import { Mailbox } from "../../support/people.ts";
import { useWorld } from "../../support/use-world.ts";

/** What an owner does with the organisation itself. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox, upstreamFor: "all tests" });

let ada: SignedIn;
let sponsor_id: string;

beforeEach(async () => {
  ada = await signInPerson(world.server.url, mailbox);
  ({ sponsor_id } = (await ada.user.sponsors.found.mutate({ name: "Helio Maps" })).data);
});

const ageSignIn = (minutes: number) =>
  world.db.accountSession.updateMany({
    where: { account: { email: ada.email } },
    data: { createdAt: new Date(Date.now() - minutes * 60_000) },
  });

const stored = () => world.db.sponsor.findUniqueOrThrow({ where: { id: sponsor_id } });
const entriesOf = (action: string) =>
  world.db.sponsorAuditLog.findMany({
    where: { sponsorId: sponsor_id, action },
    orderBy: { createdAt: "asc" },
  });

describe("where withdrawals go", () => {
  const FIRST = `0x${"1".repeat(40)}`;
  const OTHER = `0x${"2".repeat(40)}`;
  const set = (wallet_address: string) => ada.user.sponsors.set_wallet.mutate({ sponsor_id, wallet_address });

  test("is set and changed within 15 minutes of the sign-in", async () => {
    await ageSignIn(14);
    expect((await set(FIRST)).data.wallet_address).toBe(FIRST);
    expect((await set(OTHER)).data.wallet_address).toBe(OTHER);
    expect((await stored()).walletAddress).toBe(OTHER);
  });

  test("stays as it is later, until the owner signs in again; the try is in the log", async () => {
    await set(FIRST);
    await ageSignIn(16);
    expect(await refusalOf(set(OTHER))).toMatchObject({
      ...{ error_code: "conflict", httpStatus: 409 },
      message: expect.stringContaining("Sign in again") as string,
    });
    expect((await stored()).walletAddress).toBe(FIRST);
    expect((await entriesOf("set_wallet")).map(({ errorCode }) => errorCode)).toEqual([null, "conflict"]);
    ada = await signInPerson(world.server.url, mailbox, ada.email);
    await set(OTHER);
    expect((await stored()).walletAddress).toBe(OTHER);
  });
});
