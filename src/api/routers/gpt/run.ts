import { next } from "../../../core/protocol/next-actions.ts";
import type { Run } from "../../../core/runs/sponsored-run/index.ts";
import { runService, RunServiceInput, RunServiceOutput } from "../../../core/runs/sponsored-run/index.ts";
import { markReplayed } from "../../procedure/idempotency-key.ts";
import { gptSessionProcedure } from "../../procedure/trpc.ts";
import { RUN_ERRORS } from "../agent/run.ts";
import { cents, flat, reply, session } from "./flat-response.ts";

/** GPTs give up after 45 s; this leaves them time to hear that it takes longer. */
const ANSWER_WITHIN_MS = 25_000;

const LONG = Symbol("takes longer");

export const runProcedures = {
  runService: gptSessionProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/gpt/services/{service_key}/run",
        summary: "Run a service at a sponsor's expense",
        description:
          "The sponsor pays, the person gets the output. Needs the sponsor's task to be completed. If it takes long the answer is pending: poll what next_actions names. Repeating it with the same idempotency_key never pays twice.",
      },
      errors: RUN_ERRORS,
      accepted: "It is under way, and there is no output to give yet. Poll what next_actions names.",
      consequential: true,
      example: {
        request: {
          service_key: "daylight",
          input: { latitude: 38.72, longitude: -9.14, date: "2026-11-23" },
        },
      },
    })
    .input(RunServiceInput.extend(session))
    .output(
      flat(
        RunServiceOutput.extend({
          payment: RunServiceOutput.shape.payment
            .optional()
            .meta({ description: "Absent until there is one" }),
          execution_metadata: RunServiceOutput.shape.execution_metadata.optional(),
        }),
      ),
    )
    .mutation(async ({ ctx, input }) => {
      const { session_token: _credential, ...request } = input;
      const running = runService({ ...ctx.deps, actor: ctx.actor }, request);
      const run = await within(running, ANSWER_WITHIN_MS);
      if (run === LONG) {
        // It goes on without this answer; the payment, once there is one, shows in the status.
        ctx.deps.background.keep(running);
        ctx.reply.status = 202;
        return reply(
          ctx,
          { service: request.service_key },
          "It takes longer than usual. Look again in a few seconds.",
          [next.flowStatus()],
        );
      }
      if (run.pending) ctx.reply.status = 202;
      markReplayed(ctx, run.replayed);
      return reply(ctx, run.data, messageFor(run), run.nextActions);
    }),
};

async function within(running: Promise<Run>, milliseconds: number): Promise<Run | typeof LONG> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<typeof LONG>((resolve) => {
    timer = setTimeout(() => resolve(LONG), milliseconds);
  });
  try {
    return await Promise.race([running, patience]);
  } finally {
    clearTimeout(timer);
  }
}

function messageFor({ data, pending }: Run): string {
  const { payment } = data;
  if (pending) return "The payment is under way. Look again in a few seconds.";
  if (data.output === undefined || data.output === null)
    return `The payment is ${payment.status}, but there is no output.`;
  if (payment.status === "free") return "Here is the output. The upstream asked for nothing.";
  return `Here is the output. ${payment.sponsored_by} paid ${cents(payment.amount_cents)}${payment.status === "pending" ? ", still being confirmed" : ""}.`;
}
