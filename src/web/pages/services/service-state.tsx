import type { ServiceRow } from "../../data/shapes.ts";
import { usePageWords } from "../../words/language.tsx";
import { SERVICES } from "../../words/services.ts";

type Known = Pick<ServiceRow, "active" | "set_aside_at" | "archived_at"> & {
  paused_for_payers?: boolean | undefined;
};

/** A service's state in words. The colour only repeats them. */
export function ServiceState({ service }: { service: Known }) {
  const { state: w } = usePageWords(SERVICES);
  const state = stateOf(service);
  const tone = { active: "good", paused: undefined, aside: "bad", stuck: "wait", archived: undefined }[state];
  return (
    <span className="note">
      <span className="dot" data-tone={tone} /> {w[state]}
    </span>
  );
}

function stateOf({ active, set_aside_at, archived_at, paused_for_payers }: Known) {
  if (archived_at !== undefined) return "archived";
  if (set_aside_at !== null) return "aside";
  if (!active) return "paused";
  return paused_for_payers === true ? "stuck" : "active";
}
