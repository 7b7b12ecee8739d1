import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import type { SearchPreview } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Problem } from "../../ui/empty.tsx";
import { said } from "../../ui/said.tsx";
import { Text } from "../../ui/text.tsx";
import { usePageWords, useWords } from "../../words/language.tsx";
import { SERVICES } from "../../words/services.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { writeJson } from "../services/json-text.ts";
import { useSearchPreview } from "../services/queries.ts";

/** What the real search finds for words that an agent could use. */
export function Search({ serviceKey, name }: { serviceKey: string; name: string }) {
  const { search: w } = usePageWords(SERVICES);
  const explain = useFailureWords();
  const [typed, setTyped] = useState(name);
  const [text, setText] = useState<string>();
  const { data, error, isFetching } = useSearchPreview(serviceKey, text);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (typed.trim() !== "") setText(typed.trim().slice(0, 500));
  };
  const [search] = data?.searches ?? [];
  return (
    <section className="sheet part" aria-labelledby="search-title">
      <h2 id="search-title">{w.title}</h2>
      <p className="note">{w.lead}</p>
      <form className="part-form part-narrow" onSubmit={submit} role="search">
        <Text label={w.text} name="search-text" autoComplete="off" value={typed} onChange={setTyped} />
        <Button type="submit" isBusy={isFetching}>
          {w.submit}
        </Button>
      </form>
      {error !== null && <Problem>{explain(failureOf(error))}</Problem>}
      {search !== undefined && <Found search={search} quiet={data?.quiet ?? []} />}
    </section>
  );
}

function Found({ search, quiet }: { search: SearchPreview["searches"][number]; quiet: unknown }) {
  const { search: w } = usePageWords(SERVICES);
  const { format } = useWords();
  const { agents_find: found, place } = search;
  return (
    <div className="part-form" role="status">
      {found.place !== null ? (
        <p>
          <b>{w.place(format.count(found.place), format.count(found.total))}</b>
        </p>
      ) : (
        <p>
          <b>{w.absent}</b> {format.list(found.because.map((reason) => w.because[reason]))}.
          {place !== null && ` ${w.fits(format.count(place))}`}
        </p>
      )}
      {found.services.length > 0 && (
        <ol className="rows results" aria-label={w.results}>
          {found.services.map((service) => (
            <li key={`${service.service_key} ${service.service_id}`}>
              <b>
                <bdi>{said(service.name ?? service.service_key, 60)}</bdi>
              </b>{" "}
              {service.is_own && <span className="tag">{w.yours}</span>}{" "}
              <span className="note num">{w.score(format.count(service.relevance_score * 100))}</span>
              {service.why.found.length > 0 && (
                <p className="note">
                  {format.list(service.why.found.map((one) => w.found(said(one.text, 40), w.places[one.in])))}
                </p>
              )}
            </li>
          ))}
        </ol>
      )}
      {found.services.length > 0 && (
        <details>
          <summary>{w.quiet}</summary>
          <pre className="code" tabIndex={0}>
            {writeJson(quiet)}
          </pre>
        </details>
      )}
    </div>
  );
}
