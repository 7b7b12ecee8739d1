import type { CallToolResult, InputRequiredResult, ServerContext } from "@modelcontextprotocol/server";
import { inputRequired, UrlElicitationRequiredError } from "@modelcontextprotocol/server";
import type { OpenApproval } from "../../core/protocol/error-details.ts";
import type { ErrorEnvelope } from "../../api/response/envelope.ts";

/** The name of our question among the inputs that a host sends back. */
const QUESTION = "approve";

/** The approval that a refusal opened, if it did. */
export function approvalOf({ details }: ErrorEnvelope): OpenApproval | undefined {
  return details !== undefined && "approval_id" in details && details.approval_id !== undefined
    ? (details as OpenApproval)
    : undefined;
}

interface Asking {
  era: "legacy" | "modern";
  opensLinks: boolean;
  /** Makes the state that the host sends back with its next try. */
  mintState: (approvalId: string) => Promise<string>;
  /** The answer for hosts that can't ask: the model tells the person. */
  otherwise: () => CallToolResult;
}

/**
 * Has the person asked, in the best form that the host knows: since 2026 as an input that the call requires, in 2025 as an error
 * that makes the host open the page, and else by the model. A host's "accept" only says that the page was opened: whether
 * the person approved, the next try finds out.
 * @throws UrlElicitationRequiredError, by which hosts of 2025 are asked
 */
export async function askUser(
  approval: OpenApproval,
  ctx: ServerContext,
  { era, opensLinks, mintState, otherwise }: Asking,
): Promise<CallToolResult | InputRequiredResult> {
  const { approval_id: id, approval_url: url } = approval;
  const message = messageOf(approval);
  if (!opensLinks) return otherwise();
  if (era === "legacy")
    throw new UrlElicitationRequiredError([{ mode: "url", message, url, elicitationId: id }]);
  // It was opened before, and isn't approved yet. The host would ask again until its limit.
  if (ctx.mcpReq.inputResponses?.[QUESTION] !== undefined) return otherwise();
  return inputRequired({
    inputRequests: { [QUESTION]: inputRequired.elicitUrl({ message, url }) },
    requestState: await mintState(id),
  });
}

/** Names the code, which is never in the link. */
export const messageOf = ({ approval_url: url, user_code: code }: OpenApproval): string =>
  `The user has to answer at ${url} with the code ${code}.`;
