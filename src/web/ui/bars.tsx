import "./bars.css";

interface BarsProps {
  label: string;
  bars: { id: string; value: number; title: string }[];
  /** What stands below the first and the last bar. */
  first: string;
  last: string;
}

const HEIGHT = 100;
const STEP = 10;
/** So that a day with one call is seen beside one with thousands. */
const LEAST = 1.5;

/** Bars from the oldest to the newest. Who doesn't see them hears each that isn't 0. */
export function Bars({ label, bars, first, last }: BarsProps) {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const height = (value: number): number =>
    value === 0 ? 0 : Math.max(LEAST, (value / most) * (HEIGHT - 1));
  return (
    <figure>
      <svg
        className="bars"
        viewBox={`0 0 ${bars.length * STEP} ${HEIGHT}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <rect className="bars-base" y={HEIGHT - 1} width={bars.length * STEP} height="1" />
        {bars.map(({ id, value, title }, index) => (
          <g key={id}>
            <title>{title}</title>
            <rect x={index * STEP} width={STEP} height={HEIGHT} fill="transparent" />
            <rect
              className="bars-bar"
              x={index * STEP + 1.5}
              y={HEIGHT - 1 - height(value)}
              width={STEP - 3}
              height={height(value)}
            />
          </g>
        ))}
      </svg>
      <div className="bars-ends" aria-hidden="true">
        <span>{first}</span>
        <span>{last}</span>
      </div>
      <figcaption className="unseen">
        {label}
        <ul>
          {bars
            .filter(({ value }) => value > 0)
            .map(({ id, title }) => (
              <li key={id}>{title}</li>
            ))}
        </ul>
      </figcaption>
    </figure>
  );
}
