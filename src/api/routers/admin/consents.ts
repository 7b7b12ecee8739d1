import {
  listConsents,
  ListConsentsInput,
  ListConsentsOutput,
  withdrawConsent,
  WithdrawConsentInput,
  WithdrawConsentOutput,
} from "../../../core/personal-data/consent/index.ts";
import { adminProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";
import { CAMPAIGN_ID, USER_ID } from "../examples.ts";

const CONSENT_ID = "4d7a9c1e-5b3f-4f0a-8e2d-6c9b1a0f3e57";

export const consentProcedures = {
  listConsents: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/users/{user_id}/consents",
        summary: "List a user's consents",
        description: "All consents, newest first, with withdrawn ones.",
      },
      errors: ["not_found"],
      example: {
        request: { user_id: USER_ID },
        response: {
          consents: [
            {
              consent_id: CONSENT_ID,
              consent_type: "data_sharing",
              sponsor: "Acme Maps",
              campaign_id: CAMPAIGN_ID,
              campaign_name: "Daylight survey",
              service_key: null,
              data_types: ["region"],
              granted: true,
              purpose: "To know where people look for daylight.",
              granted_via: "agent",
              created_at: "2026-11-22T09:30:00.000Z",
              withdrawn_at: null,
            },
          ],
          total_count: 1,
          offset: 0,
          limit: 50,
        },
      },
    })
    .input(ListConsentsInput)
    .output(success(ListConsentsOutput))
    .query(async ({ ctx, input }) => ok(ctx, await listConsents(ctx.deps, input))),

  withdrawConsent: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/users/{user_id}/consents/{consent_id}/withdraw",
        summary: "Withdraw a consent for its user",
        description:
          "Withdrawing the consent to share or retain answers erases the answers. Their task completion no longer counts, and the task can be completed again. Withdrawing the consent to contact only removes that permission. Repeating it changes nothing.",
      },
      errors: ["not_found"],
      example: {
        request: { user_id: USER_ID, consent_id: CONSENT_ID },
        response: { withdrawn: true, withdrawn_at: "2026-11-22T10:00:00.000Z" },
      },
    })
    .input(WithdrawConsentInput)
    .output(success(WithdrawConsentOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await withdrawConsent(ctx.deps, input))),
};
