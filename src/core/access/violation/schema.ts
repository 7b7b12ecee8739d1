import { z } from "zod";
import { Id } from "../../protocol/fields.ts";

export const ResumeSessionInput = z.strictObject({
  session_id: Id.meta({ description: "Any session of the grant to resume" }),
});
export const ResumeSessionOutput = z.object({ session_id: z.string(), resumed: z.literal(true) });
