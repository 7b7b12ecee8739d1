import type { z } from "zod";
import type { CampaignPreviewOutput } from "../../core/account/campaign-preview/index.ts";
import { AgentsView } from "../../core/account/campaign-preview/index.ts";
import { quietAnswer } from "./quiet-answer.ts";

type Preview = z.infer<typeof CampaignPreviewOutput>;

/** Adds to a preview what an agent gets that asked for quiet: by the mapper that makes its answers. */
export const withQuiet = (preview: Omit<Preview, "agent_quiet">): Preview => ({
  ...preview,
  agent_quiet: quietAnswer(AgentsView, preview.agent) as Preview["agent_quiet"],
});
