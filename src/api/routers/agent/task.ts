import {
  completeTask,
  CompleteTaskInput,
  CompleteTaskOutput,
  getTask,
  GetTaskInput,
  GetTaskOutput,
} from "../../../core/sponsorship/task/index.ts";
import { sessionProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";
import { CAMPAIGN_ID } from "../examples.ts";

export const taskProcedures = {
  getTask: sessionProcedure
    .meta({
      mcp: { readOnly: true },
      openapi: {
        method: "GET",
        path: "/agent/tasks/{campaign_id}",
        summary: "Read what a campaign asks for",
        description:
          "The task, the JSON Schema (2020-12) of its answers, and the types of personal data in them.",
      },
      errors: ["not_found", "inactive", "not_eligible", "scope_violation"],
      example: { request: { campaign_id: CAMPAIGN_ID } },
    })
    .input(GetTaskInput)
    .output(success(GetTaskOutput))
    .query(async ({ ctx, input }) => {
      const { data, nextActions } = await getTask({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, data, nextActions);
    }),

  completeTask: sessionProcedure
    .meta({
      mcp: { readOnly: false, destructive: true, idempotent: true, openWorld: true },
      openapi: {
        method: "POST",
        path: "/agent/tasks/{campaign_id}/complete",
        summary: "Submit the answers with the user's consent",
        description:
          "Answers are checked against the task's schema, the session's scopes and the user's consent before anything is stored. If the task was completed before, that completion counts.",
      },
      errors: [
        "not_found",
        "inactive",
        "not_eligible",
        "scope_violation",
        "data_consent_required",
        "answer_rejected",
      ],
      example: {
        request: {
          campaign_id: CAMPAIGN_ID,
          task_data: { region: "Portugal", satisfaction: 4 },
          consent: { data_sharing_agreed: true, purpose_acknowledged: true, contact_permission: false },
        },
        response: {
          task_completion_id: "b1d9a5c3-37c0-4b3e-a0d5-0a5f5a5c7d21",
          campaign_id: CAMPAIGN_ID,
          consent_recorded: true,
          can_use_service: true,
          already_completed: false,
        },
      },
    })
    .input(CompleteTaskInput)
    .output(success(CompleteTaskOutput))
    .mutation(async ({ ctx, input }) => {
      const { data, nextActions } = await completeTask({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, data, nextActions);
    }),
};
