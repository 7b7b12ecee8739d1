import "../../ui/sheet.css";
import "../services/services.css";
import { getRouteApi, Link } from "@tanstack/react-router";
import { failureOf } from "../../data/failure.ts";
import { useMay } from "../../data/organisations.ts";
import { Empty, Loading, Problem } from "../../ui/empty.tsx";
import { said } from "../../ui/said.tsx";
import { usePageWords, useWords } from "../../words/language.tsx";
import { SERVICES } from "../../words/services.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { SponsorHead } from "../sponsor/sponsor-head.tsx";
import { useService } from "../services/queries.ts";
import { ServiceState } from "../services/service-state.tsx";
import { Health } from "./health.tsx";
import { Manage } from "./manage.tsx";
import { Search } from "./search.tsx";
import { Trial } from "./trial.tsx";

const route = getRouteApi("/console/sponsor/services/$serviceKey");

/** One service: how it does, a paid call, what searches find of it, and its terms. */
export function ServicePage() {
  const w = usePageWords(SERVICES);
  const { words } = useWords();
  const explain = useFailureWords();
  const mayEdit = useMay("editor");
  const { serviceKey } = route.useParams();
  const { data, error } = useService(serviceKey);
  if (data === undefined)
    return error === null ? (
      <Loading label={words.loading} />
    ) : (
      <Empty>
        <Problem>{explain(failureOf(error))}</Problem>
        <Link to="/services" activeOptions={{ exact: true }} className="btn" data-tone="plain">
          {w.back}
        </Link>
      </Empty>
    );
  return (
    <>
      <SponsorHead title={said(data.name, 60)} lead={said(data.description, 300)}>
        <div className="buttons">
          <Link to="/services" activeOptions={{ exact: true }} className="btn" data-tone="plain">
            {w.back}
          </Link>
          {mayEdit && data.archived_at === undefined && (
            <Link
              to="/campaigns/new"
              search={{ service: data.service_key }}
              className="btn"
              data-tone="allow"
            >
              {w.campaign}
            </Link>
          )}
        </div>
      </SponsorHead>
      <p>
        <ServiceState service={data} /> <code className="mono faint">{data.service_key}</code>
      </p>
      <Health serviceKey={data.service_key} />
      {mayEdit && data.active && <Trial service={data} />}
      {data.archived_at === undefined && <Search serviceKey={data.service_key} name={data.name} />}
      <Manage key={data.service_key} service={data} />
    </>
  );
}
