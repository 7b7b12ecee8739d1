import { TollfreeError } from "./errors.ts";
import type { TollfreeApi } from "./procedures.ts";
import { aborting } from "./procedures.ts";
import type { Approval, NextAction } from "./types.ts";
import { unlessAborted, waitFor } from "./wait.ts";

/** A question only the person can answer: show them the link and the code. */
export interface ApprovalRequest {
  /** A grant to this agent, one more payment, or consent to send more kinds of personal data. */
  kind: "grant" | "budget" | "data";
  approvalId: string;
  /** Where the person answers. */
  approvalUrl: string;
  /** What they check there: that it is this agent who asks. */
  userCode: string;
  /** ISO 8601. */
  expiresAt: string;
  /** What was refused without it, and why. */
  refusal: TollfreeError;
}

/**
 * Shows the person what they are asked. The client waits for their decision either way; once this is done, it
 * asks at once.
 */
export type OnApproval = (request: ApprovalRequest) => Promise<void> | void;

/** A person's yes, and where it leads. */
export interface Approved {
  approval: Approval;
  nextActions: NextAction[];
}

export interface Approvals {
  /**
   * Asks the person for what a refusal said is missing.
   * @throws the refusal itself if it is of another kind, or nobody is there to ask; `approval_denied`,
   *   `approval_expired`
   */
  ask(refusal: unknown, signal: AbortSignal | undefined): Promise<Approved>;
}

/** Shows questions through the hook, and polls for the answer with the agent's key. */
export function createApprovals(keyed: TollfreeApi, onApproval: OnApproval | undefined): Approvals {
  const show = onApproval === undefined ? undefined : showOnce(onApproval);
  return {
    async ask(refusal, signal) {
      const question = questionOf(refusal);
      if (question === undefined || show === undefined) throw refusal;
      const { request, intervalMs } = question;
      const screen = show(request);
      try {
        for (;;) {
          await pause(screen, intervalMs, signal);
          const approved = await poll(keyed, request.approvalId, signal);
          if (approved !== undefined) return approved;
        }
      } finally {
        screen.leave();
      }
    },
  };
}

/** A question in front of the person. */
interface Screen {
  shown: Promise<void>;
  isShown: boolean;
  watchers: number;
  /** Nobody waits here any more. */
  leave(): void;
}

/** Several calls can wait for the same question; the person sees it once, unless all of them have left. */
function showOnce(onApproval: OnApproval): (request: ApprovalRequest) => Screen {
  const screens = new Map<string, Screen>();
  return (request) => {
    const id = request.approvalId;
    const screen = screens.get(id) ?? {
      shown: (async () => onApproval(request))(),
      isShown: false,
      watchers: 0,
      leave() {
        this.watchers -= 1;
        if (this.watchers === 0) screens.delete(id);
      },
    };
    screen.watchers += 1;
    if (!screens.has(id)) {
      screens.set(id, screen);
      screen.shown.then(
        () => (screen.isShown = true),
        () => undefined, // whoever waits hears of it
      );
    }
    return screen;
  };
}

/** One for consent to send data, one for the budget, and one more in case the price moved meanwhile. */
const MOST_APPROVALS = 3;

/** Makes a call, and makes it again, unchanged, after each approval it turns out to need. */
export async function withApprovals<Answer>(
  approvals: Approvals,
  send: () => Promise<Answer>,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  for (let asked = 0; ; asked += 1) {
    try {
      return await send();
    } catch (refusal) {
      if (asked === MOST_APPROVALS) throw refusal;
      await approvals.ask(refusal, signal);
    }
  }
}

function questionOf(refusal: unknown): { request: ApprovalRequest; intervalMs: number } | undefined {
  if (!(refusal instanceof TollfreeError)) return undefined;
  const asked = (
    kind: ApprovalRequest["kind"],
    details: { approval_id?: string | undefined } | undefined,
  ) => {
    if (details?.approval_id === undefined) return undefined;
    const question = details as OpenQuestion; // its fields come together
    return {
      request: {
        kind,
        approvalId: question.approval_id,
        approvalUrl: question.approval_url,
        userCode: question.user_code,
        expiresAt: question.expires_at,
        refusal,
      },
      intervalMs: question.poll_interval_seconds * 1000,
    };
  };
  switch (refusal.code) {
    case "consent_required":
      return asked("grant", refusal.details);
    case "data_consent_required":
      return asked("data", refusal.details);
    case "budget_approval_required":
      return asked("budget", refusal.details);
    default:
      return undefined;
  }
}

interface OpenQuestion {
  approval_id: string;
  approval_url: string;
  user_code: string;
  expires_at: string;
  poll_interval_seconds: number;
}

/** One interval, cut short once the question has been shown: whoever showed it may know that it is answered. */
async function pause({ shown, isShown }: Screen, ms: number, signal: AbortSignal | undefined): Promise<void> {
  const over = new AbortController();
  const interval = waitFor(ms, over.signal);
  try {
    await unlessAborted(Promise.race(isShown ? [interval] : [interval, shown]), signal);
  } finally {
    over.abort();
  }
}

/** The person's yes, or undefined while they think. */
async function poll(
  keyed: TollfreeApi,
  approvalId: string,
  signal: AbortSignal | undefined,
): Promise<Approved | undefined> {
  const input = { approval_id: approvalId };
  const { data, next_actions } = await keyed.agent.getApproval.query(input, aborting(signal));
  switch (data.status) {
    case "pending":
      return undefined;
    case "approved":
      return { approval: data, nextActions: next_actions };
    case "denied":
      throw new TollfreeError("approval_denied", { message: "The person said no.", details: input });
    case "expired":
      throw new TollfreeError("approval_expired", {
        message: "The person didn't decide in time.",
        details: input,
      });
  }
}
