import { useMatch, useNavigate } from "@tanstack/react-router";
import { useOrganisations } from "../../data/organisations.ts";
import { usePerson } from "../../data/session.ts";
import { Down } from "../../ui/icons.tsx";
import { Menu } from "../../ui/menu.tsx";
import { said } from "../../ui/said.tsx";
import { useWords } from "../../words/language.tsx";

/** The sponsor that the address names, on a sponsor's page. Null: the page is the person's own. */
export function useChosen(): { org?: string } | null {
  return useMatch({ from: "/console/sponsor", shouldThrow: false, select: ({ search }) => search }) ?? null;
}

/** Leads to the person's own pages, and to those of each organisation. */
export function Switch() {
  const { switch: w } = useWords().words.sponsor;
  const navigate = useNavigate();
  const isOperator = usePerson()?.is_operator === true;
  const chosen = useChosen();
  const organisations = useOrganisations().data?.organisations ?? [];
  const present =
    chosen === null ? undefined : organisations.find(({ sponsor_id }) => sponsor_id === chosen.org);
  const isOperations = useMatch({ from: "/console/operators", shouldThrow: false }) !== undefined;
  const go = (to: Promise<void>): void => {
    to.catch(() => undefined);
  };
  const operations = {
    id: "operations",
    label: w.operations,
    isChosen: isOperations,
    onPress: () => go(navigate({ to: "/operators" })),
  };
  return (
    <Menu
      align="start"
      groups={[
        {
          items: [
            {
              id: "self",
              label: w.yourself,
              isChosen: chosen === null && !isOperations,
              onPress: () => go(navigate({ to: "/agents" })),
            },
            ...(isOperator ? [operations] : []),
          ],
        },
        {
          label: w.organisations,
          items: [
            ...organisations.map(({ sponsor_id, name }) => ({
              id: sponsor_id,
              label: said(name, 40),
              isChosen: present?.sponsor_id === sponsor_id,
              onPress: () => go(navigate({ to: "/campaigns", search: { org: sponsor_id } })),
            })),
            { id: "found", label: w.found, onPress: () => go(navigate({ to: "/organisations/new" })) },
          ],
        },
      ]}
    >
      <span className="account-name">
        {isOperations ? w.operations : present === undefined ? w.yourself : said(present.name, 40)}
      </span>
      <span className="unseen">{w.label}</span>
      <Down />
    </Menu>
  );
}
