import { useDeferred } from "./use-deferred.ts";
import { Text } from "../../ui/text.tsx";
import { CAMPAIGNS } from "../../words/campaigns.ts";
import { usePageWords, useWords } from "../../words/language.tsx";
import { useReach } from "../campaigns/queries.ts";
import { readWords } from "../services/json-text.ts";
import type { PartProps } from "./part.ts";

/** For whom the campaign is, and about how many they are. */
export function AudiencePart({ draft, errorOf, onChange }: PartProps) {
  const { audience: w } = usePageWords(CAMPAIGNS);
  const { format } = useWords();
  const target = useDeferred(`${draft.roles}\n\n${draft.tools}`);
  const [roles = "", tools = ""] = target.split("\n\n");
  const { data } = useReach({ target_roles: readWords(roles), target_tools: readWords(tools) });
  return (
    <section className="sheet part" aria-labelledby="audience-title">
      <h2 id="audience-title">{w.title}</h2>
      <div className="part-pair">
        <Text
          label={w.roles}
          name="roles"
          autoComplete="off"
          value={draft.roles}
          onChange={(value) => onChange({ roles: value })}
          hint={w.rolesHint}
          error={errorOf("roles")}
        />
        <Text
          label={w.tools}
          name="tools"
          autoComplete="off"
          value={draft.tools}
          onChange={(value) => onChange({ tools: value })}
          hint={w.toolsHint}
          error={errorOf("tools")}
        />
      </div>
      <p role="status" className="num">
        {data !== undefined &&
          (data.about === null
            ? w.few(format.count(data.fewer_than ?? 0))
            : w.reach(format.count(data.about)))}
      </p>
    </section>
  );
}
