import type { SyntheticEvent } from "react";
import { useState } from "react";
import { failureOf } from "../../data/failure.ts";
import { useMe } from "../../data/session.ts";
import type { Inspected } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Problem } from "../../ui/empty.tsx";
import { Form } from "../../ui/form.tsx";
import { LongText } from "../../ui/long-text.tsx";
import { Select } from "../../ui/select.tsx";
import { Text } from "../../ui/text.tsx";
import { usePageWords } from "../../words/language.tsx";
import { SERVICES } from "../../words/services.ts";
import { readHeaders, readObject } from "../services/json-text.ts";
import { useProbeWords } from "../services/probe-words.ts";
import { useInspect } from "../services/queries.ts";
import type { Draft } from "./draft.ts";
import { EMPTY_DRAFT, readAddress } from "./draft.ts";

interface AddressPartProps {
  draft: Draft;
  onChange: (part: Partial<Draft>) => void;
  onSeen: (seen: Inspected) => void;
}

/** The address, and what it may need to answer. */
export function AddressPart({ draft, onChange, onSeen }: AddressPartProps) {
  const { new: w } = usePageWords(SERVICES);
  const explain = useProbeWords();
  const inspect = useInspect();
  const [wasPressed, setWasPressed] = useState(false);
  const isUrl = /^https?:\/\/\S+$/i.test(draft.url.trim());
  const failure = inspect.error === null ? undefined : failureOf(inspect.error);
  const needsMore = failure?.probe?.cause === "credentials" || failure?.probe?.cause === "sample_input";
  const sellers = useMe()?.sandbox?.sellers ?? [];
  const take = ({ name, url }: { name: string; url: string }): void => {
    const fresh = { ...EMPTY_DRAFT, url, name };
    onChange(fresh);
    const address = readAddress(fresh);
    if (address !== undefined && !inspect.isPending) inspect.mutate(address, { onSuccess: onSeen });
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    setWasPressed(true);
    const address = readAddress(draft);
    if (inspect.isPending || address === undefined || !isUrl) return;
    inspect.mutate(address, { onSuccess: onSeen });
  };
  return (
    <Form className="sheet part part-narrow" onSubmit={submit} aria-label={w.look} noValidate>
      <Text
        label={w.url}
        name="upstream-url"
        autoComplete="off"
        value={draft.url}
        onChange={(url) => onChange({ url })}
        hint={sellers.length > 0 ? w.urlHintSandbox : w.urlHint}
        error={wasPressed && !isUrl ? w.required : undefined}
      />
      {sellers.length > 0 && (
        <p className="part-buttons note">
          {w.sellers}
          {sellers.map((seller) => (
            <Button key={seller.url} size="small" onPress={() => take(seller)}>
              {seller.name}
            </Button>
          ))}
        </p>
      )}
      <details open={needsMore || undefined}>
        <summary>{w.more}</summary>
        <div className="part-form">
          <Select
            label={w.method}
            value={draft.method}
            options={[
              { value: "", label: w.anyMethod },
              { value: "GET", label: "GET" },
              { value: "POST", label: "POST" },
            ]}
            onChange={(method) => onChange({ method })}
          />
          <LongText
            label={w.headers}
            isCode
            value={draft.headers}
            onChange={(headers) => onChange({ headers })}
            hint={w.headersHint}
            error={readHeaders(draft.headers) === undefined ? w.headersRefused : undefined}
          />
          <LongText
            label={w.sample}
            isCode
            value={draft.sample}
            onChange={(sample) => onChange({ sample })}
            error={readObject(draft.sample) === undefined ? w.schemaRefused : undefined}
          />
        </div>
      </details>
      {failure !== undefined && <Problem>{explain(failure)}</Problem>}
      <Button tone="allow" type="submit" isBusy={inspect.isPending}>
        {w.look}
      </Button>
    </Form>
  );
}
