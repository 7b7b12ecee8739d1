import { expect } from "vitest";
import { expectSuccess } from "../support/call.ts";
import { EVERYTHING } from "../support/caller.ts";
import { eventually } from "../support/eventually.ts";
import { signInWithGpt } from "../support/gpt.ts";
import { useWorld } from "../support/use-world.ts";
import type { Ends, Situation } from "./play.ts";
import { playOnAllSurfaces } from "./play.ts";
import type { Stage } from "./stage.ts";
import { mailbox, type SurfaceKind } from "../support/surfaces.ts";

/** R1.3: an agent that only follows next actions, and what it may do: grants and sessions, from the first contact to their end. */

const world = useWorld({ mailer: mailbox });

const ON_MCP = "a host signs in before it calls a tool";
const FIRST_CONTACT = { except: { mcp: ON_MCP } };

const wish = () => ({ scopes: EVERYTHING, budget_limit_cents: 25 });
const knownUser = ({ grant }: Stage) => ({ user_id: grant.subject, ...wish() });

/** A session that ended: where it can't open another one by itself, the agent has to ask, or its host has to. */
const afterEnd =
  (code: string, elsewhere: Ends) =>
  (kind: SurfaceKind): Ends => {
    if (kind === "mcp") return { kind: "nothing", code };
    return kind === "gpt" ? { kind: "reached", asked: 1 } : elsewhere;
  };
/** A token is good as long as its grant: a session that ended is followed by another one. After that, the host signs in anew. */
const SIGNED_OUT: Ends = { kind: "nothing", code: "unauthorized" };
/** The person is asked once more, and doesn't answer. On MCP the host signs in anew. */
const askedAgain =
  (code: string) =>
  (kind: SurfaceKind): Ends => {
    if (kind === "mcp") return { kind: "nothing", code };
    return { kind: "waiting", code: kind === "gpt" ? code : "consent_required", asked: 1 };
  };

const onlyCategory = (category: string) => ({ ...EVERYTHING, allowed_categories: [category] });

const sessionOf = ({ grant }: Stage) =>
  world.db.agentSession.findFirstOrThrow({
    where: { grantId: grant.grant_id },
    orderBy: { createdAt: "desc" },
    include: { budgetAccount: true },
  });

const SITUATIONS: Situation[] = [
  {
    ...FIRST_CONTACT,
    name: "an agent that nobody knows: the person approves after it has polled",
    opensWith: wish,
    patience: 80,
    person: [
      (stage, asked) => {
        decided = eventually(async () => {
          const calls = await world.db.agentAuditLog.count({ where: { agentId: stage.grant.agent_id } });
          expect(calls).toBeGreaterThanOrEqual(3);
        }).then(() => stage.approveNew(asked));
        return Promise.resolve();
      },
    ],
    ends: { kind: "reached", asked: 1 },
    check: () => decided,
  },
  {
    ...FIRST_CONTACT,
    name: "an agent that nobody knows: the person allows less than it asked for",
    opensWith: wish,
    person: [
      (stage, asked) =>
        stage.approveNew(asked, {
          scopes: {
            ...stage.scopes({ allowed_task_types: ["survey"], allowed_data_types: [] }),
            ...{ allowed_categories: [stage.category] },
          },
          budget_limit_cents: 10,
        }),
    ],
    ends: { kind: "reached", asked: 1 },
    check: async (stage) =>
      expect(await sessionOf(stage)).toMatchObject({
        allowedTaskTypes: ["survey"],
        allowedCategories: [stage.category],
        budgetAccount: { limit: 100_000n, spent: 20_000n },
      }),
  },
  {
    ...FIRST_CONTACT,
    name: "an agent that nobody knows: the person says no",
    opensWith: wish,
    person: [(stage, asked) => stage.deny(asked)],
    ends: (kind) => ({ kind: "nothing", asked: 1, ...(kind !== "gpt" && { code: "consent_required" }) }),
  },
  {
    ...FIRST_CONTACT,
    name: "an agent that nobody knows: the person doesn't answer",
    opensWith: wish,
    ends: (kind) => ({ kind: "waiting", asked: 1, ...(kind !== "gpt" && { code: "consent_required" }) }),
  },
  {
    ...FIRST_CONTACT,
    name: "an agent that nobody knows: its question expires, and it asks again",
    opensWith: wish,
    person: [
      (_stage, asked) => world.expire("approval", String(asked["approval_id"] ?? asked["auth_request_id"])),
      (stage, asked) => stage.approveNew(asked),
    ],
    ends: { kind: "reached", asked: 2 },
  },
  {
    ...FIRST_CONTACT,
    name: "an agent with a grant opens a session by itself; a GPT always signs the person in",
    opensWith: knownUser,
    person: [(stage, asked) => stage.approve(asked)],
    ends: (kind) => ({ kind: "reached", asked: kind === "gpt" ? 1 : 0 }),
  },
  {
    name: "the session expires",
    after: {
      search_services: async (stage) => world.expire("session", (await sessionOf(stage)).id),
    },
    person: [(stage, asked) => stage.approve(asked)],
    ends: afterEnd("session_expired", { kind: "reached" }),
    endsWithOAuth: { kind: "reached" },
  },
  {
    name: "the session is ended by the person",
    after: {
      search_services: async (stage) => {
        const { id } = await sessionOf(stage);
        expectSuccess(await world.callAdmin("endSession", { session_id: id }));
      },
    },
    person: [(stage, asked) => stage.approve(asked)],
    ends: afterEnd("session_revoked", { kind: "reached" }),
    endsWithOAuth: { kind: "reached" },
  },
  {
    name: "the grant is taken back",
    after: {
      search_services: async ({ grant: { grant_id } }) =>
        expectSuccess(await world.callAdmin("revokeGrant", { grant_id })),
    },
    ends: askedAgain("session_revoked"),
    endsWithOAuth: SIGNED_OUT,
  },
  {
    name: "the grant expires",
    after: { search_services: ({ grant }) => world.expire("grant", grant.grant_id) },
    ends: askedAgain("session_expired"),
    endsWithOAuth: SIGNED_OUT,
  },
  {
    name: "the grant is suspended, and the person resumes it",
    after: {
      search_services: (stage) => stage.suspend(),
      flow_status: (stage) => stage.resume(),
    },
    ends: { kind: "reached" },
  },
  {
    name: "the grant is suspended, and stays so",
    after: { search_services: (stage) => stage.suspend() },
    ends: { kind: "waiting", code: "session_suspended" },
    check: (_stage, { steps }) =>
      expect(steps.at(-1)?.body.details).toMatchObject({ how_to_resume: expect.any(String) as string }),
  },
  {
    ...FIRST_CONTACT,
    name: "the grant is suspended before the agent opens a session, and the person resumes it",
    opensWith: knownUser,
    before: (stage) => stage.suspend(),
    person: [(stage, asked) => stage.approve(asked)],
    after: { auth: (stage) => stage.resume() },
    ends: (kind) => ({ kind: "reached", asked: kind === "gpt" ? 1 : 0 }),
  },
  {
    name: "the service gets another category, which the person allows and the session lacks",
    given: { taskDone: true, session: ({ category }) => ({ scopes: onlyCategory(category) }) },
    after: {
      search_services: (stage) => stage.changeService({ categories: [stage.category, stage.otherCategory] }),
    },
    person: [(stage, asked) => stage.approve(asked)],
    ends: afterEnd("scope_violation", { kind: "reached" }),
  },
  {
    name: "the service gets another category, which the person allows when they are asked",
    given: { taskDone: true },
    after: { search_services: (stage) => stage.changeService({ categories: [stage.category, "finance"] }) },
    person: [
      (stage, asked) =>
        stage.approveNew(asked, {
          scopes: stage.scopes({ allowed_categories: [stage.category, stage.otherCategory, "finance"] }),
        }),
    ],
    ends: (kind) =>
      kind === "mcp" ? { kind: "nothing", code: "scope_violation" } : { kind: "reached", asked: 1 },
  },
  {
    name: "the agent has a token of another surface",
    except: { mcp: "a host can't connect with it: test/mcp/tools.test.ts" },
    before: async (stage) => {
      stage.session =
        stage.kind === "gpt"
          ? (await stage.otherSession()).token
          : await signInWithGpt(world, stage.grant, { budget_limit_cents: 10 });
    },
    person: [(stage, asked) => stage.approveNew(asked)],
    ends: { kind: "reached", asked: 1 },
    check: (_stage, { steps }) => expect(steps[0]?.body.error_code).toBe("unauthorized"),
  },
];
let decided: Promise<unknown> = Promise.resolve();

playOnAllSurfaces(world, SITUATIONS);
