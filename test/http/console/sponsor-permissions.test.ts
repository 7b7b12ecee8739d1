import { beforeAll, describe, expect, test } from "vitest";
import { CHANGES_NOTHING, LEAST_ROLE } from "../../../src/api/procedure/member-permissions.ts";
import { sponsorRouter } from "../../../src/api/routers/sponsor/index.ts";
import { userRouter } from "../../../src/api/routers/user/index.ts";
import { includesRole, SPONSOR_ROLES } from "../../../src/core/protocol/sponsor-roles.ts";
import type { SignedIn } from "../../support/console-client.ts";
import { signInPerson } from "../../support/console-client.ts";
import { Mailbox } from "../../support/people.ts";
import { useWorld } from "../../support/use-world.ts";

/** Every procedure of a sponsor in the console, called by each role, by a stranger, and by a member of another sponsor. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox, upstreamFor: "all tests" });

/** Those that are about no sponsor that the person acts for. */
const OF_THE_PERSON = new Set(["list", "found", "invitation.open", "invitation.accept"]);

const PROCEDURES = Object.entries(
  userRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>,
)
  .filter(([path]) => path.startsWith("sponsors."))
  .map(([path, { _def }]) => ({ name: path.slice("sponsors.".length), isMutation: _def.type === "mutation" }))
  .filter(({ name }) => !OF_THE_PERSON.has(name));

let sponsorId = "";
const people = new Map<string, SignedIn>();

beforeAll(async () => {
  for (const who of [...SPONSOR_ROLES, "stranger", "of another"])
    people.set(who, await signInPerson(world.server.url, mailbox));
  sponsorId = (await personOf("owner").user.sponsors.found.mutate({ name: "Helio Maps" })).data.sponsor_id;
  await personOf("of another").user.sponsors.found.mutate({ name: "Other Maps" });
  for (const role of ["viewer", "editor"] as const)
    await world.db.sponsorMember.create({ data: { sponsorId, userId: personOf(role).userId, role } });
});

function personOf(who: string): SignedIn {
  const person = people.get(who);
  if (person === undefined) throw new Error(`there is no ${who}`);
  return person;
}

/** Calls with an input that no schema takes, so that an allowed call is refused for that, and changes nothing. */
async function codeOf(who: string, name: string, isMutation: boolean): Promise<string | undefined> {
  const input = JSON.stringify({ sponsor_id: sponsorId, not_a_field: 1 });
  const path = `${world.server.url}/user/trpc/user.sponsors.${name}`;
  const headers = personOf(who).headers;
  const answer = isMutation
    ? await fetch(path, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: input,
      })
    : await fetch(`${path}?input=${encodeURIComponent(input)}`, { headers });
  const { error } = (await answer.json()) as { error?: { data: { error_code: string } } };
  return error?.data.error_code;
}

test("every procedure of a sponsor has a least role, and every line of the table a procedure", () => {
  expect(PROCEDURES.map(({ name }) => name).toSorted()).toEqual(Object.keys(LEAST_ROLE).toSorted());
});

test("what is written into the audit log has words in both languages, whoever did it", async () => {
  // By a name that isn't resolved here: the console has a TypeScript project of its own.
  const words = "../../../src/web/words/audit.ts";
  const { SPONSOR_ACTIONS } = (await import(words)) as {
    SPONSOR_ACTIONS: Record<"en" | "ja", Record<string, string>>;
  };
  const ofKeys = Object.entries(
    sponsorRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>,
  ).map(([name, { _def }]) => ({ name, isMutation: _def.type === "mutation" }));
  const written = [...PROCEDURES, ...ofKeys].filter(
    ({ name, isMutation }) => isMutation && !CHANGES_NOTHING.has(name),
  );
  for (const language of [SPONSOR_ACTIONS.en, SPONSOR_ACTIONS.ja])
    expect(written.map(({ name }) => name).filter((name) => !(name in language))).toEqual([]);
});

describe.each(PROCEDURES)("$name", ({ name, isMutation }) => {
  test.each([...SPONSOR_ROLES])("as %s", async (role) => {
    const least = LEAST_ROLE[name] ?? "owner";
    expect(await codeOf(role, name, isMutation)).toBe(
      includesRole(role, least) ? "validation_error" : "forbidden",
    );
  });

  test.each(["stranger", "of another"])("is not found by a %s", async (who) => {
    const before = await world.db.sponsorAuditLog.count({ where: { sponsorId } });
    expect(await codeOf(who, name, isMutation)).toBe("not_found");
    expect(await world.db.sponsorAuditLog.count({ where: { sponsorId } })).toBe(before);
  });
});

test("refused changes are in the audit log, with who tried", async () => {
  const { list } = personOf("viewer").user.sponsors.audit;
  const entries: Awaited<ReturnType<typeof list.query>>["data"]["entries"] = [];
  let cursor: string | null = null;
  do {
    const page = await list.query({ sponsor_id: sponsorId, ...(cursor !== null && { cursor }) });
    entries.push(...page.data.entries);
    cursor = page.data.next_cursor;
  } while (cursor !== null);
  const refused = entries.filter(({ action }) => action === "keys.add");
  expect(refused.map(({ by, outcome }) => [by, outcome])).toContainEqual([
    { kind: "member", email: personOf("viewer").email },
    "forbidden",
  ]);
});
