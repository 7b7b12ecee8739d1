import { tracked } from "@trpc/server";
import { z } from "zod";
import { personProcedure } from "../../procedure/person.ts";

const FollowInput = z.strictObject({ lastEventId: z.string().max(100).optional() });

export const liveProcedures = {
  /** Says what kind of thing has changed of the person's. It ends after minutes, so that an ended sign-in is noticed. */
  changes: personProcedure.input(FollowInput).subscription(async function* ({
    ctx,
    input,
    signal = new AbortController().signal,
  }) {
    const from = { userId: ctx.actor.userId, address: ctx.clientAddress };
    for await (const { id, kinds } of ctx.changes.follow(from, input.lastEventId, signal))
      yield tracked(id, { kinds });
  }),
};
