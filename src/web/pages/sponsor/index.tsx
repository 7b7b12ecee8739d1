import "../../ui/sheet.css";
import { getRouteApi, Link, Navigate, Outlet } from "@tanstack/react-router";
import { ChosenSponsor, useOrganisations } from "../../data/organisations.ts";
import { Empty } from "../../ui/empty.tsx";
import { said } from "../../ui/said.tsx";
import { useTitle } from "../../ui/title.ts";
import { useWords } from "../../words/language.tsx";
import { FoundPage } from "./found.tsx";
import { NotLoaded } from "../shell/not-loaded.tsx";

const route = getRouteApi("/console/sponsor");

/** Finds the sponsor that the address names, for the pages inside. Without a name it is the person's first. */
export function SponsorPages() {
  const { org } = route.useSearch();
  const { data, error, refetch } = useOrganisations();
  if (data === undefined) return <NotLoaded error={error} refetch={refetch} />;
  const [first] = data.organisations;
  if (first === undefined) return <FoundPage />;
  if (org === undefined)
    return <Navigate to="." search={(others) => ({ ...others, org: first.sponsor_id })} replace />;
  const chosen = data.organisations.find(({ sponsor_id }) => sponsor_id === org);
  if (chosen === undefined) return <NotYours first={first} />;
  return (
    <ChosenSponsor value={chosen}>
      <Outlet key={chosen.sponsor_id} />
    </ChosenSponsor>
  );
}

function NotYours({ first }: { first: { sponsor_id: string; name: string } }) {
  const { notYours: w } = useWords().words.sponsor;
  useTitle(w.title);
  return (
    <Empty>
      <h1>{w.title}</h1>
      <p>{w.lead}</p>
      <Link to="/campaigns" search={{ org: first.sponsor_id }} className="btn" data-tone="plain">
        {w.back(said(first.name, 50))}
      </Link>
    </Empty>
  );
}
