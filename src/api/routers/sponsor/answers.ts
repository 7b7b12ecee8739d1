import {
  acceptAnswer,
  AcceptAnswerInput,
  AnswerOfCampaign,
  confirmCopiesDeleted,
  ConfirmDeletionInput,
  ConfirmDeletionOutput,
  exportAnswers,
  ExportAnswersInput,
  getAnswer,
  GetAnswerInput,
  JudgedAnswer,
  listAnswers,
  ListAnswersInput,
  ListAnswersOutput,
  listWithdrawn,
  ListWithdrawnInput,
  ListWithdrawnOutput,
  rejectAnswer,
  RejectAnswerInput,
} from "../../../core/sponsorship/answer/index.ts";
import { FileOutput, respondWithFile } from "../../procedure/file-response.ts";
import { nextForSponsor } from "../../../core/protocol/sponsor-actions.ts";
import { sponsorProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";
import { ANSWER_ID, CAMPAIGN_ID } from "../examples.ts";

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
              answer_id: ANSWER_ID,
              respondent_id: "5f2c7d1e9a0b4c3d8e7f6a5b4c3d2e1f",
              task_data: { region: "Portugal", satisfaction: 4 },
              data_types: ["region"],
              sources: { "/region": "agent", "/satisfaction": "agent" },
              contact_permitted: false,
              state: "held_back",
              judge_until: "2026-11-23T09:30:00.000Z",
              consent: {
                given_at: "2026-11-22T09:30:00.000Z",
                granted_via: "agent",
                purpose: "To know where people look for daylight.",
              },
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
          "The whole data inbox as one file, oldest first. JSONL has an answer a line. CSV has a column for each top-level field of the task's schema, with nested values as JSON. An apostrophe is put before text that a spreadsheet would run as a formula.",
        successDescription: "The file, as an attachment, without the envelope",
      },
      errors: ["not_found"],
      file: {
        "application/json": { type: "array", items: { $ref: "#/components/schemas/Answer" } },
        "application/x-ndjson": { type: "string", examples: ['{"answer_id":"3f0c2f0e"}\n'] },
        "text/csv": { type: "string", examples: ["answer_id,score\r\n3f0c2f0e,4\r\n"] },
      },
      example: { request: { campaign_id: CAMPAIGN_ID, format: "csv" } },
    })
    .input(ExportAnswersInput)
    .output(FileOutput)
    .query(async ({ ctx, input }) =>
      respondWithFile(ctx, await exportAnswers({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  getAnswer: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sponsor/answers/{answer_id}",
        summary: "Read one answer",
        description: "Such as one that a webhook was asked about.",
      },
      errors: ["not_found"],
      example: { request: { answer_id: ANSWER_ID } },
    })
    .input(GetAnswerInput)
    .output(success(AnswerOfCampaign))
    .query(async ({ ctx, input }) => {
      const answer = await getAnswer({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, answer, [nextForSponsor.listAnswers(answer.campaign_id)]);
    }),

  acceptAnswer: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/answers/{answer_id}/accept",
        summary: "Accept an answer",
        description: "If it was held back, it unlocks runs from now on. An answer has one verdict.",
      },
      errors: ["not_found", "conflict"],
      example: {
        request: { answer_id: ANSWER_ID },
        response: { answer_id: ANSWER_ID, campaign_id: CAMPAIGN_ID, state: "accepted" },
      },
    })
    .input(AcceptAnswerInput)
    .output(success(JudgedAnswer))
    .mutation(async ({ ctx, input }) => {
      const judged = await acceptAnswer({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, judged, [nextForSponsor.listAnswers(judged.campaign_id)]);
    }),

  rejectAnswer: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/answers/{answer_id}/reject",
        summary: "Reject an answer",
        description:
          "It is erased here at once, and its consents end: delete your copies too. Its person and their agent are told the reason. It unlocks no further runs; paid ones stay. Until `judge_until` only.",
      },
      errors: ["not_found", "conflict"],
      example: {
        request: { answer_id: ANSWER_ID, reason: "incomplete", note: "The region is missing." },
        response: { answer_id: ANSWER_ID, campaign_id: CAMPAIGN_ID, state: "rejected" },
      },
    })
    .input(RejectAnswerInput)
    .output(success(JudgedAnswer))
    .mutation(async ({ ctx, input }) => {
      const judged = await rejectAnswer({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, judged, [nextForSponsor.listAnswers(judged.campaign_id)]);
    }),

  listWithdrawn: sponsorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sponsor/campaigns/{campaign_id}/answers/withdrawn",
        summary: "List withdrawn answers",
        description:
          "Ids of answers whose people withdrew their consent, the last one first. Delete your copies of them, and confirm it.",
      },
      errors: ["not_found"],
      example: { request: { campaign_id: CAMPAIGN_ID } },
    })
    .input(ListWithdrawnInput)
    .output(success(ListWithdrawnOutput))
    .query(async ({ ctx, input }) =>
      ok(ctx, await listWithdrawn({ ...ctx.deps, actor: ctx.actor }, input), [
        nextForSponsor.listAnswers(input.campaign_id),
      ]),
    ),

  confirmDeletion: sponsorProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/sponsor/answers/{answer_id}/confirm-deletion",
        summary: "Confirm that your copies of a withdrawn answer are deleted",
        description: "The first confirmation stays.",
      },
      errors: ["not_found"],
      example: {
        request: { answer_id: ANSWER_ID },
        response: { answer_id: ANSWER_ID, copies_deleted_at: "2026-11-24T08:00:00.000Z" },
      },
    })
    .input(ConfirmDeletionInput)
    .output(success(ConfirmDeletionOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await confirmCopiesDeleted({ ...ctx.deps, actor: ctx.actor }, input), []),
    ),
};
