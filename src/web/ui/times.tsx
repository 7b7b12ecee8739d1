import { useNow, useWords } from "../words/language.tsx";

/** "2 minutes ago". The full date is in the title. */
export function Ago({ at }: { at: string }) {
  const { format } = useWords();
  return (
    <time dateTime={at} title={format.full(at)}>
      {format.ago(at, useNow())}
    </time>
  );
}

/** "tomorrow 14:00". With the zone where something ends or is waited for. */
export function Moment({ at }: { at: string }) {
  const { format } = useWords();
  return (
    <time dateTime={at} title={format.full(at)}>
      {format.moment(at, useNow())}
    </time>
  );
}
