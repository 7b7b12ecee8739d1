import { setOwnRegion, SetOwnRegionInput } from "../../../core/access/user/index.ts";
import { OwnPreferencesOutput, readOwnPreferences } from "../../../core/account/own-preferences/index.ts";
import { setPreferences, SetPreferencesInput } from "../../../core/discovery/preference/index.ts";
import {
  listOwnConsents,
  ListOwnConsentsInput,
  ListOwnConsentsOutput,
  withdrawConsent,
  WithdrawConsentOutput,
  WithdrawOwnConsentInput,
} from "../../../core/personal-data/consent/index.ts";
import {
  listOwnData,
  ListOwnDataOutput,
  putOwnItem,
  PutOwnItemInput,
  PutVaultItemOutput,
} from "../../../core/personal-data/vault/index.ts";
import { personProcedure, personRouter } from "../../procedure/person.ts";
import { ok, success } from "../../response/envelope.ts";

/** What is the person's own: stored data, what was shared of it, and preferences. */
export const ownDataProcedures = {
  data: personRouter({
    list: personProcedure
      .output(success(ListOwnDataOutput))
      .query(async ({ ctx }) => ok(ctx, await listOwnData({ ...ctx.deps, actor: ctx.actor }))),
    put: personProcedure
      .input(PutOwnItemInput)
      .output(success(PutVaultItemOutput))
      .mutation(async ({ ctx, input }) =>
        ok(ctx, await putOwnItem({ ...ctx.deps, actor: ctx.actor }, input)),
      ),
  }),

  consents: personRouter({
    list: personProcedure
      .input(ListOwnConsentsInput)
      .output(success(ListOwnConsentsOutput))
      .query(async ({ ctx, input }) =>
        ok(ctx, await listOwnConsents({ ...ctx.deps, actor: ctx.actor }, input)),
      ),
    withdraw: personProcedure
      .input(WithdrawOwnConsentInput)
      .output(success(WithdrawConsentOutput))
      .mutation(async ({ ctx, input }) =>
        ok(ctx, await withdrawConsent(ctx.deps, { ...input, user_id: ctx.actor.userId })),
      ),
  }),

  preferences: personRouter({
    get: personProcedure
      .output(success(OwnPreferencesOutput))
      .query(async ({ ctx }) => ok(ctx, await readOwnPreferences({ ...ctx.deps, actor: ctx.actor }))),
    set: personProcedure
      .input(SetPreferencesInput)
      .output(success(OwnPreferencesOutput))
      .mutation(async ({ ctx, input }) => {
        const own = { ...ctx.deps, actor: ctx.actor };
        await setPreferences(own, input);
        return ok(ctx, await readOwnPreferences(own));
      }),
    set_region: personProcedure
      .input(SetOwnRegionInput)
      .output(success(OwnPreferencesOutput))
      .mutation(async ({ ctx, input }) => {
        const own = { ...ctx.deps, actor: ctx.actor };
        await setOwnRegion(own, input);
        return ok(ctx, await readOwnPreferences(own));
      }),
  }),
};
