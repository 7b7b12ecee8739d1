import { z } from "zod";

export const CreateAgentInput = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .meta({ description: "Shown to users when they decide", examples: ["Claude"] }),
});

export const CreateAgentOutput = z.object({
  agent_id: z.string(),
  api_key: z.string().meta({ description: "Shown once" }),
});
