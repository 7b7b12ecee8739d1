import { withApprovals } from "./approvals.ts";
import { TollfreeError } from "./errors.ts";
import type { RunContext } from "./prepare-run.ts";
import { prepareRun } from "./prepare-run.ts";
import { aborting } from "./procedures.ts";
import type { ExecutionMetadata, Payment, RunAnswer, RunRequest, ServiceInput } from "./types.ts";
import { awaitOutput } from "./wait-for-output.ts";

export interface RunOptions {
  /** Who is to pay. Left out: whoever pays first. */
  campaignId?: string | undefined;
  /** Refuse a higher quote with `cost_above_max`. */
  maxCostCents?: number | undefined;
  /** The same key never pays twice. Left out, each run has its own; give one to go on with an earlier run. */
  idempotencyKey?: string | undefined;
  /** How long to wait for a run that is under way, before `payment_pending`. Default 120. */
  waitSeconds?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface RunResult<Output = unknown> {
  /** JSON as it is, text as a string, anything else as `{ base64 }`. */
  output: Output;
  contentType: string;
  /** Who paid, how much, and where that stands: it may still be confirmed on chain. */
  payment: Payment;
  /** Response time, cost, upstream status, and what is left of the session's budget. */
  metadata: ExecutionMetadata;
  /** What this run would be repeated with. */
  idempotencyKey: string;
}

const DEFAULT_WAIT_SECONDS = 120;

/** Plan, wider session, task, run, output: with the person asked wherever only they can answer. */
export async function run(
  ctx: RunContext,
  service: string,
  input: ServiceInput,
  { campaignId, maxCostCents, idempotencyKey, waitSeconds = DEFAULT_WAIT_SECONDS, signal }: RunOptions,
): Promise<RunResult> {
  const key = idempotencyKey ?? newIdempotencyKey();
  const request: RunRequest = {
    service_key: service,
    input,
    idempotency_key: key,
    ...(campaignId !== undefined && { campaign_id: campaignId }),
    ...(maxCostCents !== undefined && { max_cost_cents: maxCostCents }),
  };
  await prepareRun(ctx, request, { mayBeReplay: idempotencyKey !== undefined, signal });
  const answer = await pay(ctx, request, { idempotencyKey: key, waitSeconds, signal });
  ctx.session.noteRemaining(answer.execution_metadata.budget_remaining_cents);
  return {
    output: answer.output,
    contentType: answer.output_content_type ?? "",
    payment: answer.payment,
    metadata: answer.execution_metadata,
    idempotencyKey: key,
  };
}

/** The run itself, until its output is there. Where the upstream's answer got lost, it may still come. */
async function pay(
  ctx: RunContext,
  request: RunRequest,
  waiting: { idempotencyKey: string; waitSeconds: number; signal: AbortSignal | undefined },
): Promise<RunAnswer> {
  const { signal } = waiting;
  const send = async (): Promise<RunAnswer> =>
    (await ctx.api.agent.runService.mutate(request, aborting(signal))).data;
  let paymentId: string;
  try {
    const answer = await withApprovals(ctx.approvals, send, signal);
    if (isComplete(answer)) return answer;
    paymentId = answer.payment.payment_id;
  } catch (error) {
    const lost = lostPayment(error);
    if (lost === undefined) throw error;
    paymentId = lost;
  }
  await awaitOutput(ctx.api, paymentId, waiting);
  return send(); // the key's run, now with its output
}

const isComplete = ({ output, output_unavailable_reason: reason }: RunAnswer): boolean =>
  output !== undefined && reason === undefined;

/**
 * The payment of a run whose request may have reached the upstream without its answer reaching us: the request is
 * sent again as it was. Where the upstream did answer, with an error, there is nothing to wait for.
 */
function lostPayment(error: unknown): string | undefined {
  if (!(error instanceof TollfreeError)) return undefined;
  switch (error.code) {
    case "upstream_timeout":
      return error.details?.payment_id;
    case "upstream_error":
      return error.details?.upstream_status === undefined ? error.details?.payment_id : undefined;
    default:
      return undefined;
  }
}

/** 128 random bits. `crypto.randomUUID` wouldn't do: browsers have it on https only. */
function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
