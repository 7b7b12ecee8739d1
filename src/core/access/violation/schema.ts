import { z } from "zod";
import { Id } from "../../protocol/fields.ts";

export const ResumeSessionInput = z.strictObject({
  session_id: Id.meta({ description: "Any session of the grant to resume" }),
});
export const ResumeSessionOutput = z.object({ session_id: z.string(), resumed: z.literal(true) });

export const ResumeAgentInput = z.strictObject({ grant_id: Id });
export const ResumeAgentOutput = z.object({ grant_id: z.string() });
