import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import { useMay } from "../../data/organisations.ts";
import type { Service } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Problem } from "../../ui/empty.tsx";
import { LongText } from "../../ui/long-text.tsx";
import { said } from "../../ui/said.tsx";
import { Text } from "../../ui/text.tsx";
import { useToast } from "../../ui/toast.tsx";
import { usePageWords } from "../../words/language.tsx";
import { SERVICES } from "../../words/services.ts";
import { readCents, readHeaders } from "../services/json-text.ts";
import { useProbeWords } from "../services/probe-words.ts";
import { useArchiveService, useChangeService } from "../services/queries.ts";
import { Terms } from "../services/terms.tsx";

/** The pinned terms, and what can be changed. */
export function Manage({ service }: { service: Service }) {
  const { manage: w } = usePageWords(SERVICES);
  const explain = useProbeWords();
  const toast = useToast();
  const mayEdit = useMay("editor") && service.archived_at === undefined;
  const change = useChangeService(service.service_key);
  const archive = useArchiveService(service.service_key);
  const error = change.error ?? archive.error;
  const save = (input: Parameters<typeof change.mutate>[0], done: string): void => {
    if (!change.isPending) change.mutate(input, { onSuccess: () => toast({ text: done }) });
  };
  return (
    <section className="sheet part" aria-labelledby="manage-title">
      <h2 id="manage-title">{w.title}</h2>
      <Terms
        terms={service.terms}
        priceCents={service.last_quote_cents}
        method={service.upstream_method}
        url={service.upstream_url}
      />
      {error !== null && <Problem>{explain(failureOf(error))}</Problem>}
      {mayEdit && (
        <>
          <div className="part-buttons">
            <Button onPress={() => save({ repin: true }, w.repinned)}>{w.repin}</Button>
            {service.active ? (
              <Button onPress={() => save({ active: false }, w.saved)}>{w.pause}</Button>
            ) : (
              <Button tone="allow" onPress={() => save({ active: true }, w.saved)}>
                {w.resume}
              </Button>
            )}
            <Confirm
              trigger={w.archive}
              title={w.archiveTitle(said(service.name, 50))}
              body={w.archiveBody}
              yes={w.archiveYes}
              no={w.archiveNo}
              onYes={() => archive.mutate(undefined)}
            />
          </div>
          <Price cents={service.price_cents} onSave={(price_cents) => save({ price_cents }, w.saved)} />
          <Headers
            areSet={service.has_upstream_headers}
            onSave={(upstream_headers) => save({ upstream_headers }, w.rotated)}
          />
        </>
      )}
    </section>
  );
}

function Price({ cents, onSave }: { cents: number; onSave: (cents: number) => void }) {
  const { manage: w, new: words } = usePageWords(SERVICES);
  const [typed, setTyped] = useState(String(cents));
  const read = readCents(typed);
  return (
    <div className="part-form part-narrow">
      <Text
        label={w.price}
        name="price"
        autoComplete="off"
        value={typed}
        onChange={setTyped}
        error={read === undefined ? words.priceRefused : undefined}
      />
      <Button
        onPress={() => {
          if (read !== undefined) onSave(read);
        }}
      >
        {w.savePrice}
      </Button>
    </div>
  );
}

/** Headers are typed anew each time: they are never sent back to a page. */
function Headers({ areSet, onSave }: { areSet: boolean; onSave: (headers: Record<string, string>) => void }) {
  const { manage: w, new: words } = usePageWords(SERVICES);
  const [typed, setTyped] = useState("");
  const read = readHeaders(typed);
  return (
    <div className="part-form part-narrow">
      <LongText
        label={w.headers}
        isCode
        value={typed}
        onChange={setTyped}
        hint={`${areSet ? w.headersNow : w.noHeaders} ${words.headersHint}`}
        error={read === undefined ? words.headersRefused : undefined}
      />
      <Button
        onPress={() => {
          if (read === undefined) return;
          onSave(read);
          setTyped("");
        }}
      >
        {w.rotate}
      </Button>
    </div>
  );
}
