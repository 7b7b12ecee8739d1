import {
  completeTask,
  CompleteTaskInput,
  CompleteTaskOutput,
  getTask,
  GetTaskInput,
  GetTaskOutput,
} from "../../../core/sponsorship/task/index.ts";
import { gptSessionProcedure } from "../../procedure/trpc.ts";
import { CAMPAIGN_ID } from "../examples.ts";
import { flat, reply, session } from "./flat-response.ts";

export const taskProcedures = {
  getTask: gptSessionProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/gpt/tasks/{campaign_id}",
        summary: "Read what a sponsor asks for",
        description:
          "Ask the person for the required fields and tell them the purpose. Never make answers up.",
      },
      errors: ["not_found", "inactive", "not_eligible", "scope_violation"],
      consequential: false,
      example: { request: { campaign_id: CAMPAIGN_ID } },
    })
    .input(GetTaskInput.extend(session))
    .output(flat(GetTaskOutput))
    .query(async ({ ctx, input }) => {
      const { data, nextActions } = await getTask(
        { ...ctx.deps, actor: ctx.actor },
        { campaign_id: input.campaign_id },
      );
      const message = data.already_completed
        ? `The task "${data.required_task}" of ${data.sponsor} is done already.`
        : `${data.sponsor} asks: ${data.task_description} It needs: ${data.required_fields.join(", ")}. Purpose: ${data.purpose}.`;
      return reply(ctx, data, message, nextActions);
    }),

  completeTask: gptSessionProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/gpt/tasks/{campaign_id}/complete",
        summary: "Submit the person's answers",
        description:
          "Only what the person said, and only after they agreed that it goes to the sponsor for the stated purpose. With dry_run it checks without storing.",
      },
      errors: ["not_found", "inactive", "not_eligible", "scope_violation", "data_consent_required"],
      consequential: true,
      example: {
        request: {
          campaign_id: CAMPAIGN_ID,
          task_data: { region: "Portugal", satisfaction: 4 },
          consent: { data_sharing_agreed: true, purpose_acknowledged: true, contact_permission: false },
        },
      },
    })
    .input(CompleteTaskInput.extend(session))
    .output(flat(CompleteTaskOutput))
    .mutation(async ({ ctx, input }) => {
      const { session_token: _credential, ...completion } = input;
      const { data, nextActions } = await completeTask({ ...ctx.deps, actor: ctx.actor }, completion);
      return reply(ctx, data, messageFor(data), nextActions);
    }),
};

function messageFor(data: {
  dry_run?: true | undefined;
  already_completed: boolean;
  can_use_service: boolean;
}): string {
  if (data.dry_run === true) return "The answers would be accepted. Nothing was stored.";
  const done = data.already_completed ? "The task was done before." : "The answers were accepted.";
  return data.can_use_service
    ? `${done} The sponsor pays from now on.`
    : `${done} The sponsor can't pay at the moment.`;
}
