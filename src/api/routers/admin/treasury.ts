import {
  getPaymentSwitch,
  GetPaymentSwitchInput,
  PaymentSwitch,
  setPaymentSwitch,
  SetPaymentSwitchInput,
} from "../../../core/money/outflow-limits/index.ts";
import { adminProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";

export const treasuryProcedures = {
  getPaymentSwitch: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/payments",
        summary: "See whether payments are paused",
        description:
          "Says since when, and why. While they are paused, nothing is signed; what was signed is settled.",
      },
      example: {
        response: { paused: false, reason: null, changed_at: "2026-11-25T09:00:00.000Z" },
      },
    })
    .input(GetPaymentSwitchInput)
    .output(success(PaymentSwitch))
    .query(async ({ ctx }) => ok(ctx, await getPaymentSwitch(ctx.deps))),

  setPaymentSwitch: adminProcedure
    .meta({
      openapi: {
        method: "PUT",
        path: "/admin/payments",
        summary: "Pause or resume payments",
        description:
          "Takes effect on every replica at once. After the answer nothing more is signed, and runs that cost money are refused as payments_paused. Reads, tasks and free services go on. The chain decides payments signed before.",
      },
      example: {
        request: { paused: true, reason: "The RPC returns wrong data" },
        response: {
          paused: true,
          reason: "The RPC returns wrong data",
          changed_at: "2026-11-25T09:00:00.000Z",
        },
      },
    })
    .input(SetPaymentSwitchInput)
    .output(success(PaymentSwitch))
    .mutation(async ({ ctx, input }) => ok(ctx, await setPaymentSwitch(ctx.deps, input))),
};
