import { z } from "zod";
import { PreviewSearchOutput, ServiceView } from "../../core/discovery/search/index.ts";
import type { CampaignPreviewOutput } from "../../core/account/campaign-preview/index.ts";
import { AgentsView } from "../../core/account/campaign-preview/index.ts";
import { quietAnswer } from "./quiet-answer.ts";

/** The preview of a search, with the results as an agent gets them that asked for quiet. */
export const QuietPreviewSearchOutput = PreviewSearchOutput.extend({
  quiet: z.array(ServiceView).meta({ description: "The first search's results, without words of sponsors" }),
});

export function withQuietResults(
  preview: z.infer<typeof PreviewSearchOutput>,
): z.infer<typeof QuietPreviewSearchOutput> {
  const [search] = preview.searches;
  const results = (search?.agents_find.services ?? []).map(({ is_own: _, ...result }) => result);
  return { ...preview, quiet: quietAnswer(z.array(ServiceView), results) as ServiceView[] };
}

type Preview = z.infer<typeof CampaignPreviewOutput>;

/** Adds to a preview what an agent gets that asked for quiet: by the mapper that makes its answers. */
export const withQuiet = (preview: Omit<Preview, "agent_quiet">): Preview => ({
  ...preview,
  agent_quiet: quietAnswer(AgentsView, preview.agent) as Preview["agent_quiet"],
});
