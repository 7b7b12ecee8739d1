import "./sheet.css";

interface MeterProps {
  value: number;
  max: number;
  label: string;
  /** Nothing moves it any more. */
  isIdle?: boolean;
}

/** An SVG and not a box with a width: its width is an attribute, so that no inline style is needed. */
export function Meter({ value, max, label, isIdle = false }: MeterProps) {
  const share = max > 0 ? Math.min(1, value / max) : 0;
  return (
    <svg
      className="meter"
      data-full={share > 0.9 || undefined}
      data-idle={isIdle || undefined}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={max}
      aria-valuenow={Math.min(value, max)}
      aria-valuetext={label}
      preserveAspectRatio="none"
      viewBox="0 0 100 6"
    >
      <rect width={100 * share} height="6" />
    </svg>
  );
}
