import { TollfreeError } from "./errors.ts";
import type { TollfreeApi } from "./procedures.ts";
import { callOptions } from "./procedures.ts";
import type { Approval, NextAction } from "./types.ts";
import { unlessAborted, waitFor } from "./wait.ts";

/** A question that only the person can answer. Show them the link and the code. */
export interface ApprovalRequest {
  /**
   * What is asked for: a grant to this agent, one more payment, consent to send more types of personal data, or several of
   * these together.
   */
  kind: "grant" | "budget" | "data" | "combined";
  approvalId: string;
  /** The page where the person answers. */
  approvalUrl: string;
  /** The person compares it with the page's code, to check that this agent asks. */
  userCode: string;
  /** ISO 8601. */
  expiresAt: string;
  /** The server's refusal that led to this question. */
  refusal: TollfreeError;
}

/**
 * Shows the question to the person. The client polls for their decision in any case. When this function
 * returns (or its promise resolves), the client polls at once.
 */
export type OnApproval = (request: ApprovalRequest) => Promise<void> | void;

/** An approved approval, and the next actions that came with it. */
export interface Approved {
  approval: Approval;
  nextActions: NextAction[];
}

export interface Approvals {
  /**
   * Asks the person for the approval that a refusal names, and waits for their decision.
   * @throws the refusal itself if it names no approval, or there is no `onApproval` hook; TollfreeError
   *   `approval_denied`, `approval_expired`
   * @param onOpened is told of the question before it is shown
   */
  ask(
    refusal: unknown,
    signal: AbortSignal | undefined,
    onOpened?: (request: ApprovalRequest) => void,
  ): Promise<Approved>;
}

/**
 * Shows questions through the hook, and polls for the decision.
 * @param keyApi the procedures, called with the agent's key
 */
export function createApprovals(keyApi: TollfreeApi, onApproval: OnApproval | undefined): Approvals {
  const show = onApproval === undefined ? undefined : showOnce(onApproval);
  /** What the person approved, by approval. A refusal that names it can arrive later than their decision. */
  const given = new Map<string, Approved>();
  return {
    async ask(refusal, signal, onOpened) {
      const question = questionOf(refusal);
      if (question === undefined || show === undefined) throw refusal;
      const { request, intervalMs } = question;
      const earlier = given.get(request.approvalId);
      if (earlier !== undefined) return earlier;
      onOpened?.(request);
      const prompt = show(request);
      try {
        for (;;) {
          await waitForNextPoll(prompt, intervalMs, signal);
          const approved = await poll(keyApi, request.approvalId, signal);
          if (approved === undefined) continue;
          given.set(request.approvalId, approved);
          return approved;
        }
      } finally {
        prompt.leave();
      }
    },
  };
}

/** A question that is shown to the person. Several calls can wait for it. */
interface Prompt {
  /** Settles when the hook is done. */
  shown: Promise<void>;
  isShown: boolean;
  waitingCalls: number;
  /** One call stops waiting. */
  leave(): void;
}

/**
 * If several calls wait for the same question, the person sees it once. It is shown again if all of them had
 * left.
 */
function showOnce(onApproval: OnApproval): (request: ApprovalRequest) => Prompt {
  const prompts = new Map<string, Prompt>();
  return (request) => {
    const id = request.approvalId;
    const prompt = prompts.get(id) ?? {
      shown: (async () => onApproval(request))(),
      isShown: false,
      waitingCalls: 0,
      leave() {
        this.waitingCalls -= 1;
        if (this.waitingCalls === 0) prompts.delete(id);
      },
    };
    prompt.waitingCalls += 1;
    if (!prompts.has(id)) {
      prompts.set(id, prompt);
      prompt.shown.then(
        () => (prompt.isShown = true),
        () => undefined, // the waiting calls reject with the hook's error
      );
    }
    return prompt;
  };
}

/** One approval to send data, one for the budget, and one more in case the price changed meanwhile. */
const MAX_APPROVALS = 3;

/** Makes a call. After each approval that the call turns out to need, makes the same call again. */
export async function withApprovals<Answer>(
  approvals: Approvals,
  send: () => Promise<Answer>,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  for (let asked = 0; ; asked += 1) {
    try {
      return await send();
    } catch (refusal) {
      if (asked === MAX_APPROVALS) throw refusal;
      await approvals.ask(refusal, signal);
    }
  }
}

/** The question that a refusal names, with its poll interval. Undefined if it names none. */
function questionOf(refusal: unknown): { request: ApprovalRequest; intervalMs: number } | undefined {
  if (!(refusal instanceof TollfreeError)) return undefined;
  const toQuestion = (
    kind: ApprovalRequest["kind"],
    details: { approval_id?: string | undefined } | undefined,
  ) => {
    if (details?.approval_id === undefined) return undefined;
    const question = details as OpenQuestion; // an approval id never comes without the other fields
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
      return toQuestion("grant", refusal.details);
    case "data_consent_required":
      return toQuestion(refusal.details.asked === undefined ? "data" : "combined", refusal.details);
    case "scope_violation":
      return toQuestion("combined", refusal.details);
    case "budget_approval_required":
      return toQuestion("budget", refusal.details);
    default:
      return undefined;
  }
}

/** The details of a refusal that opened an approval. */
interface OpenQuestion {
  approval_id: string;
  approval_url: string;
  user_code: string;
  expires_at: string;
  poll_interval_seconds: number;
}

/**
 * Waits for one poll interval, or until the hook is done: the hook may wait for the person's answer.
 * @throws what the hook throws, and the signal's reason if it aborts
 */
async function waitForNextPoll(
  { shown, isShown }: Prompt,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const done = new AbortController();
  const interval = waitFor(ms, done.signal);
  try {
    await unlessAborted(Promise.race(isShown ? [interval] : [interval, shown]), signal);
  } finally {
    done.abort();
  }
}

/**
 * Returns the approval, or undefined while the person hasn't decided.
 * @throws TollfreeError if they didn't approve
 */
async function poll(
  keyApi: TollfreeApi,
  approvalId: string,
  signal: AbortSignal | undefined,
): Promise<Approved | undefined> {
  const input = { approval_id: approvalId };
  const { data, next_actions } = await keyApi.agent.getApproval.query(input, callOptions(signal));
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
