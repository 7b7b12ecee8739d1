import { withApprovals } from "./approvals.ts";
import { TollfreeError } from "./errors.ts";
import type { RunContext } from "./prepare-run.ts";
import { prepareRun } from "./prepare-run.ts";
import { callOptions } from "./procedures.ts";
import type { OnProgress } from "./progress.ts";
import type { ExecutionMetadata, Payment, RunAnswer, RunRequest, ServiceInput } from "./types.ts";
import { awaitOutput } from "./wait-for-output.ts";

export interface RunOptions {
  /** Is told what this run is doing. */
  onProgress?: OnProgress | undefined;
  /** The campaign that should pay. Default: the server chooses one. */
  campaignId?: string | undefined;
  /** A higher price is refused with `cost_above_max`. */
  maxCostCents?: number | undefined;
  /**
   * Runs with the same key never pay twice. Default: a new key. Pass an earlier run's key to continue that
   * run.
   */
  idempotencyKey?: string | undefined;
  /** How long to wait for the output of a pending run, before `payment_pending` is thrown. Default 120. */
  waitSeconds?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface RunResult<Output = unknown> {
  paidBy: "sponsor";
  /** JSON as a value, text as a string, anything else as `{ base64 }`. */
  output: Output;
  contentType: string;
  /** Who paid, how much, and the payment's status. It can still be pending: not yet confirmed on chain. */
  payment: Payment;
  /** Response time, cost, upstream status, and the remaining budget of the session. */
  metadata: ExecutionMetadata;
  /** The key of this run. Repeating the run with it doesn't pay again. */
  idempotencyKey: string;
}

const DEFAULT_WAIT_SECONDS = 120;

/** Plans a run, widens the session, completes the task, runs the service and waits for its output. */
export async function run(
  ctx: RunContext,
  service: string,
  input: ServiceInput,
  {
    campaignId,
    maxCostCents,
    idempotencyKey,
    waitSeconds = DEFAULT_WAIT_SECONDS,
    signal,
  }: Omit<RunOptions, "onProgress">,
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
  const answer = await runUntilOutput(ctx, request, { idempotencyKey: key, waitSeconds, signal });
  ctx.session.noteRemaining(answer.execution_metadata.budget_remaining_cents);
  ctx.report({ type: "delivered", service, payment: answer.payment });
  return {
    paidBy: "sponsor",
    output: answer.output,
    contentType: answer.output_content_type ?? "",
    payment: answer.payment,
    metadata: answer.execution_metadata,
    idempotencyKey: key,
  };
}

/**
 * Makes the run and waits for its output. If the upstream's response was lost, the output may still arrive
 * later.
 */
async function runUntilOutput(
  ctx: RunContext,
  request: RunRequest,
  waitOptions: { idempotencyKey: string; waitSeconds: number; signal: AbortSignal | undefined },
): Promise<RunAnswer> {
  const { signal } = waitOptions;
  const { service_key: service } = request;
  const sendRun = async (): Promise<RunAnswer> =>
    (await ctx.api.agent.runService.mutate(request, callOptions(signal))).data;
  let paymentId: string;
  try {
    const answer = await withApprovals(
      ctx.approvals,
      () => {
        ctx.report({ type: "run_sent", service, idempotencyKey: waitOptions.idempotencyKey });
        return sendRun();
      },
      signal,
    );
    if (isComplete(answer)) return answer;
    paymentId = answer.payment.payment_id;
  } catch (error) {
    const pendingPaymentId = findPendingPayment(error);
    if (pendingPaymentId === undefined) throw error;
    paymentId = pendingPaymentId;
  }
  ctx.report({ type: "pending", service, paymentId });
  await awaitOutput(ctx.api, paymentId, waitOptions);
  return sendRun(); // the same key, so the server returns the same run, now with its output
}

const isComplete = ({ output, output_unavailable_reason: reason }: RunAnswer): boolean =>
  output !== undefined && reason === undefined;

/**
 * The id of the payment of a failed run whose upstream request got no response. The server repeats that
 * request, so the output may still arrive. Undefined if there is no payment, or the upstream responded with
 * an error.
 */
function findPendingPayment(error: unknown): string | undefined {
  if (!(error instanceof TollfreeError)) return undefined;
  switch (error.code) {
    case "upstream_timeout":
      return error.details?.payment_id;
    case "upstream_error":
      return error.details?.upstream === undefined ? error.details?.payment_id : undefined;
    default:
      return undefined;
  }
}

/** 128 random bits in hex. Not `crypto.randomUUID`: browsers offer it on https only. */
function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
