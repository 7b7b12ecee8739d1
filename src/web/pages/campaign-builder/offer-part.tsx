import { useState } from "react";
import { Check } from "../../ui/check.tsx";
import { said } from "../../ui/said.tsx";
import { Text } from "../../ui/text.tsx";
import { CAMPAIGNS } from "../../words/campaigns.ts";
import { usePageWords, useWords } from "../../words/language.tsx";
import { SERVICES } from "../../words/services.ts";
import { useServices } from "../services/queries.ts";
import type { PartProps } from "./part.ts";

/** With more services than that, the one that is meant is looked for by its name. */
const MOST_AT_A_GLANCE = 12;

/** What the campaign pays for, and how much. */
export function OfferPart({ draft, errorOf, onChange }: PartProps) {
  const { offer: w } = usePageWords(CAMPAIGNS);
  const words = usePageWords(SERVICES);
  const { format } = useWords();
  const services = (useServices().data?.apis ?? []).filter(
    ({ archived_at, service_key }) => archived_at === undefined || draft.services.includes(service_key),
  );
  const [wanted, setWanted] = useState("");
  const text = wanted.trim().toLowerCase();
  const isLong = services.length > MOST_AT_A_GLANCE;
  const shown = services.filter(
    ({ name, service_key }) =>
      !isLong ||
      text === "" ||
      draft.services.includes(service_key) ||
      `${name}\n${service_key}`.toLowerCase().includes(text),
  );
  const error = errorOf("services");
  const toggle = (key: string, isOn: boolean): void => {
    const chosen = isOn ? [...draft.services, key] : draft.services.filter((one) => one !== key);
    // Until something is typed, it pays as much as the dearest chosen service may cost.
    const prices = services.filter((one) => chosen.includes(one.service_key)).map((one) => one.price_cents);
    const suggested = services
      .filter((one) => draft.services.includes(one.service_key))
      .map((one) => one.price_cents);
    const isUntouched = draft.subsidy === "" || draft.subsidy === String(Math.max(0, ...suggested));
    onChange({ services: chosen, ...(isUntouched && { subsidy: String(Math.max(0, ...prices)) }) });
  };
  return (
    <section className="sheet part" aria-labelledby="offer-title">
      <h2 id="offer-title">{w.title}</h2>
      <Text
        label={w.name}
        name="campaign-name"
        autoComplete="off"
        value={draft.name}
        onChange={(name) => onChange({ name })}
        hint={w.nameHint}
        error={errorOf("name")}
      />
      <fieldset className="task-choice" data-fault={error === undefined ? undefined : ""}>
        <legend className="field-label">{w.services}</legend>
        {services.length === 0 && <p className="note">{w.noServices}</p>}
        {isLong && (
          <Text
            label={w.find}
            name="find-service"
            autoComplete="off"
            value={wanted}
            onChange={setWanted}
            hint={w.found(format.count(shown.length), format.count(services.length), draft.services.length)}
          />
        )}
        <div className={isLong ? "offer-services" : undefined}>
          {shown.map((service) => (
            <Check
              key={service.service_key}
              label={said(service.name, 60)}
              note={service.terms === null ? words.free : words.upTo(format.amount(service.price_cents))}
              isChecked={draft.services.includes(service.service_key)}
              onChange={(isOn) => toggle(service.service_key, isOn)}
            />
          ))}
        </div>
        {error !== undefined && (
          <span className="field-error" role="alert">
            {error}
          </span>
        )}
      </fieldset>
      <Text
        label={w.others}
        name="other-services"
        autoComplete="off"
        value={draft.others}
        onChange={(others) => onChange({ others })}
        hint={w.othersHint}
      />
      <div className="part-pair">
        <Text
          label={w.subsidy}
          name="subsidy"
          autoComplete="off"
          value={draft.subsidy}
          onChange={(subsidy) => onChange({ subsidy })}
          hint={w.subsidyHint}
          error={errorOf("subsidy")}
        />
        <Text
          label={w.calls}
          name="calls"
          autoComplete="off"
          value={draft.calls}
          onChange={(calls) => onChange({ calls })}
          hint={w.callsHint}
          error={errorOf("calls")}
        />
      </div>
    </section>
  );
}
