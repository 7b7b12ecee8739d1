import { randomUUID } from "node:crypto";
import type { Scopes, SessionActor } from "../../src/core/context.ts";

/** A session that searches without having signed in: by default of nobody in particular, who sees what is offered to every user. */
export const searchingActor = ({
  scopes,
  userId = "00000000-0000-0000-0000-000000000000",
}: {
  scopes: Scopes;
  userId?: string;
}): SessionActor => ({
  ...{ kind: "session", surface: "agent", subject: "me", scopes, grantScopes: scopes, userId },
  ...{ sessionId: randomUUID(), grantId: randomUUID(), agentId: randomUUID() },
  ...{ budgetAccountId: randomUUID(), grantBudgetAccountId: randomUUID() },
  ...{ remainingMicros: 20_000_000n, expiresAt: new Date(Date.now() + 3_600_000) },
  readsSponsorTexts: null,
});
