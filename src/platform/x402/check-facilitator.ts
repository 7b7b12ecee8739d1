import { describeNetworkFailure } from "../network-failure.ts";
import { SetupProblem } from "../setup-problem.ts";
import type { FacilitatorAuth } from "./facilitator-auth.ts";
import { createFacilitator } from "./facilitator.ts";

/**
 * Asks a facilitator what it supports.
 * @throws SetupProblem if it doesn't answer, refuses our credentials, or doesn't settle payments on our network
 */
export async function checkFacilitator({
  facilitatorUrl,
  facilitatorAuth = { kind: "none" },
  network,
}: {
  facilitatorUrl: string;
  facilitatorAuth?: FacilitatorAuth | undefined;
  network: string;
}): Promise<void> {
  const { origin } = new URL(facilitatorUrl);
  const supported = await createFacilitator(facilitatorUrl, facilitatorAuth)
    .getSupported()
    .catch((cause: unknown) => {
      throw problemOf(origin, facilitatorAuth, cause);
    });
  if (!supported.kinds.some(({ scheme, network: other }) => scheme === "exact" && other === network))
    throw new SetupProblem(
      "X402_FACILITATOR_URL",
      `${origin} doesn't settle payments with the scheme "exact" on ${network}`,
      "Set it to a facilitator that does",
    );
}

/** The client's message has the status and what the facilitator said. Only the status is repeated. */
function problemOf(origin: string, auth: FacilitatorAuth, cause: unknown): SetupProblem {
  const status = /\((\d{3})\)/.exec(cause instanceof Error ? cause.message : "")?.[1];
  if (status === "401" || status === "403")
    return new SetupProblem(
      "X402_FACILITATOR_AUTH",
      `${origin} refuses the credentials (${auth.kind}) with status ${status}`,
      auth.kind === "none" ? "Set it to cdp or bearer, with their variables" : "Check the credentials",
    );
  const why =
    status === undefined
      ? (describeNetworkFailure(cause) ?? "doesn't answer as a facilitator")
      : `answers with status ${status}`;
  return new SetupProblem(
    "X402_FACILITATOR_URL",
    `${origin} ${why}`,
    "Set it to a facilitator that this machine reaches",
  );
}
