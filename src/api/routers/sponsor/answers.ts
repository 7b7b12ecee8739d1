import {
  exportAnswers,
  ExportAnswersInput,
  listAnswers,
  ListAnswersInput,
  ListAnswersOutput,
} from "../../../core/sponsorship/answer/index.ts";
import { FileOutput, respondWithFile } from "../../procedure/file-response.ts";
import { nextForSponsor } from "../../../core/protocol/sponsor-actions.ts";
import { sponsorProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";
import { CAMPAIGN_ID } from "../examples.ts";

export const answerProcedures = {
  listAnswers: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sponsor/campaigns/{campaign_id}/answers",
        summary: "Read a campaign's answers",
        description:
          "The data inbox, newest first: the answers that people consented to share. An answer disappears when its consent is withdrawn or its retention period ends.",
      },
      errors: ["not_found"],
      example: {
        request: { campaign_id: CAMPAIGN_ID, limit: 20 },
        response: {
          answers: [
            {
              answer_id: "b1d9a5c3-37c0-4b3e-a0d5-0a5f5a5c7d21",
              respondent_id: "5f2c7d1e9a0b4c3d8e7f6a5b4c3d2e1f",
              task_data: { region: "Portugal", satisfaction: 4 },
              data_types: ["region"],
              sources: { "/region": "agent", "/satisfaction": "agent" },
              contact_permitted: false,
              submitted_at: "2026-11-22T09:30:00.000Z",
              retained_until: "2027-11-22T09:30:00.000Z",
            },
          ],
          total_count: 1,
          offset: 0,
          limit: 20,
        },
      },
    })
    .input(ListAnswersInput)
    .output(success(ListAnswersOutput))
    .query(async ({ ctx, input }) => {
      const answers = await listAnswers({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, answers, [nextForSponsor.getCampaign(input.campaign_id)]);
    }),

  exportAnswers: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sponsor/campaigns/{campaign_id}/answers/export",
        summary: "Export a campaign's answers",
        description:
          "The whole data inbox as one file, oldest first. CSV has a column for each top-level field of the task's schema, with nested values as JSON. An apostrophe is put before text that a spreadsheet would run as a formula.",
        successDescription: "The file, as an attachment, without the envelope",
      },
      errors: ["not_found"],
      file: {
        "application/json": { type: "array", items: { $ref: "#/components/schemas/Answer" } },
        "text/csv": { type: "string", examples: ["answer_id,score\r\n3f0c2f0e,4\r\n"] },
      },
      example: { request: { campaign_id: CAMPAIGN_ID, format: "csv" } },
    })
    .input(ExportAnswersInput)
    .output(FileOutput)
    .query(async ({ ctx, input }) =>
      respondWithFile(ctx, await exportAnswers({ ...ctx.deps, actor: ctx.actor }, input)),
    ),
};
