interface StepsProps {
  spent: number;
  now: number;
  /** What would be allowed after this answer. */
  next: number;
  /** Where the scale ends. */
  end: number;
  label: string;
}

/** What was spent, what is allowed now, and what this answer would add, on one scale. */
export function Steps({ spent, now, next, end, label }: StepsProps) {
  const place = (cents: number): number => (end > 0 ? (1000 * Math.min(cents, end)) / end : 0);
  return (
    <svg className="steps" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label={label}>
      <rect width="1000" height="10" />
      <rect data-part="now" width={place(Math.min(now, next))} height="10" />
      <rect data-part="spent" width={place(spent)} height="10" />
      {next > now && (
        <rect
          data-part="next"
          x={place(now) + 3}
          width={Math.max(0, place(next) - place(now) - 3)}
          height="10"
        />
      )}
    </svg>
  );
}
