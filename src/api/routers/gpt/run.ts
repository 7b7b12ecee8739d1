import { next } from "../../../core/protocol/next-actions.ts";
import type { Run } from "../../../core/runs/sponsored-run/index.ts";
import { runService, RunServiceInput, RunServiceOutput } from "../../../core/runs/sponsored-run/index.ts";
import { markReplayed } from "../../procedure/idempotency-key.ts";
import { gptSessionProcedure } from "../../procedure/trpc.ts";
import { RUN_ERRORS } from "../agent/run.ts";
import { flatOutput, flatResponse, formatCents } from "./flat-response.ts";
import { sessionField, withoutSessionToken } from "./session-field.ts";

/** ChatGPT gives up after 45 s. A pending response after this time still reaches it. */
const MAX_RESPONSE_MS = 25_000;

const TIMED_OUT = Symbol("timed out");

export const runProcedures = {
  runService: gptSessionProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/gpt/services/{service_key}/run",
        summary: "Run a service at a sponsor's expense",
        description:
          "The sponsor pays, the person gets the output. The sponsor's task must be completed first. A long run answers that it is pending: poll what next_actions names. Repeating it with the same idempotency_key never pays twice.",
      },
      errors: RUN_ERRORS,
      accepted: "The run is under way and has no output yet. Poll what next_actions names.",
      consequential: true,
      example: {
        request: {
          service_key: "daylight",
          input: { latitude: 38.72, longitude: -9.14, date: "2026-11-23" },
        },
      },
    })
    .input(RunServiceInput.extend(sessionField))
    .output(
      flatOutput(
        RunServiceOutput.extend({
          payment: RunServiceOutput.shape.payment
            .optional()
            .meta({ description: "Absent until there is one" }),
          execution_metadata: RunServiceOutput.shape.execution_metadata.optional(),
        }),
      ),
    )
    .mutation(async ({ ctx, input }) => {
      const request = withoutSessionToken(input);
      const running = runService({ ...ctx.deps, actor: ctx.actor }, request);
      const run = await waitAtMost(MAX_RESPONSE_MS, running);
      if (run === TIMED_OUT) {
        // The run goes on after this response. Flow status shows its payment once there is one.
        ctx.deps.background.keep(running);
        ctx.reply.status = 202;
        return flatResponse(
          ctx,
          { service: request.service_key },
          "The run takes longer than usual. Ask again in a few seconds.",
          [next.flowStatus()],
        );
      }
      if (run.pending) ctx.reply.status = 202;
      markReplayed(ctx, run.replayed);
      ctx.reply.isPaidFor = run.data.payment.status !== "free";
      return flatResponse(ctx, run.data, messageFor(run), run.nextActions);
    }),
};

/** The run's result, or `TIMED_OUT` if the run is not over in time. The run itself goes on. */
async function waitAtMost(milliseconds: number, running: Promise<Run>): Promise<Run | typeof TIMED_OUT> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<typeof TIMED_OUT>((resolve) => {
    timer = setTimeout(() => resolve(TIMED_OUT), milliseconds);
  });
  try {
    return await Promise.race([running, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function messageFor({ data, pending }: Run): string {
  const { payment } = data;
  if (pending) return "The payment is under way. Ask again in a few seconds.";
  if (data.output === undefined || data.output === null)
    return `The payment is ${payment.status}, but there is no output.`;
  if (payment.status === "free") return "Here is the output. The upstream charged nothing.";
  return `Here is the output. Its sponsor paid ${formatCents(payment.amount_cents)}${payment.status === "pending" ? ", still being confirmed" : ""}.`;
}
