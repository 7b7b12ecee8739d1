import { timingSafeEqual } from "node:crypto";
import type { Authenticators } from "../api/procedure/context.ts";
import { authenticateAgent } from "../core/access/agent/index.ts";
import { hashSecret } from "../core/access/credential/index.ts";
import { authenticateAccessToken, authenticateSession } from "../core/access/session/index.ts";
import { linkAccount } from "../core/access/user/index.ts";
import type { Deps, UserActor } from "../core/context.ts";
import type { AuthorizationServer } from "../core/ports/authorization-server.ts";
import type { SignIn } from "../core/ports/sign-in.ts";
import { AppError } from "../core/protocol/errors.ts";
import { authenticateSponsor } from "../core/sponsorship/sponsor/index.ts";

/** Makes the checks of credentials. */
export function createAuthenticators(
  deps: Deps,
  signIn: Pick<SignIn, "findSession">,
  { resources }: Pick<AuthorizationServer, "resources">,
  adminApiKey: string | undefined,
): Authenticators {
  const isAdmin = secretCheck(adminApiKey);
  return {
    session: (token, identified) => authenticateSession(deps, "agent_session", token, identified),
    gptSession: (token, identified) => authenticateSession(deps, "gpt_session", token, identified),
    accessToken: (token, surface, identified) =>
      authenticateAccessToken(deps, token, { surface, resource: resources[surface] }, identified),
    agentKey: (token) => authenticateAgent(deps, token),
    sponsorKey: (token) => authenticateSponsor(deps, token),
    admin: (token) => {
      if (!isAdmin(token))
        throw new AppError("unauthorized", { message: "The administrator's key is required." });
      return { kind: "admin" };
    },
    person: ({ cookie }) => authenticatePerson(deps, signIn, cookie),
  };
}

async function authenticatePerson(
  deps: Deps,
  signIn: Pick<SignIn, "findSession">,
  cookie: string | undefined,
): Promise<UserActor | undefined> {
  const signedIn = cookie === undefined ? undefined : await signIn.findSession(cookie);
  // Whoever hasn't proven an address mustn't become the user who has it.
  if (signedIn?.emailVerified !== true) return undefined;
  const { accountId, email, sessionId } = signedIn;
  const userId = await linkAccount(deps, { accountId, email });
  return userId === undefined ? undefined : { kind: "user", userId, accountId, email, sessionId };
}

/** Makes a check against a secret, in constant time. Where no secret is configured, every value is refused. */
export function secretCheck(secret: string | undefined): (given: string | undefined) => boolean {
  const hash = secret === undefined ? undefined : hashSecret(secret);
  return (given) => hash !== undefined && given !== undefined && timingSafeEqual(hashSecret(given), hash);
}
