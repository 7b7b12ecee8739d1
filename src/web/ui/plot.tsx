import "./plot.css";
import { useState } from "react";

export interface PlotBar {
  id: string;
  /** Such as a day. */
  name: string;
  value: number;
}

interface PlotProps {
  label: string;
  /** Heads of the table that says the same. */
  heads: { name: string; value: string };
  bars: readonly PlotBar[];
  /** A value in words. */
  say: (value: number) => string;
  /** How to read single values by the keyboard. */
  hint: string;
}

const HEIGHT = 100;
const STEP = 10;
/** So that a day with little is seen beside one with much. */
const LEAST = 1.5;

/** Bars over a grid, from the oldest to the newest. Arrow keys say one after the other; a table has all of them. */
export function Plot({ label, heads, bars, say, hint }: PlotProps) {
  const [chosen, setChosen] = useState<number>();
  const top = roundUp(Math.max(0, ...bars.map(({ value }) => value)));
  const width = bars.length * STEP;
  const height = (value: number): number => (value === 0 ? 0 : Math.max(LEAST, (value / top) * HEIGHT));
  const shown = chosen === undefined ? undefined : bars[chosen];
  const move = (key: string): boolean => {
    const last = bars.length - 1;
    const from = chosen ?? (key === "ArrowRight" ? -1 : bars.length);
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last }[key];
    if (to === undefined) return false;
    setChosen(Math.min(last, Math.max(0, to)));
    return true;
  };
  return (
    <div className="plot">
      <div className="plot-scale num" aria-hidden="true">
        <span>{say(top)}</span>
        <span>{say(top / 2)}</span>
        <span>{say(0)}</span>
      </div>
      <div
        className="plot-area"
        role="slider"
        tabIndex={0}
        aria-label={`${label}. ${hint}`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, bars.length - 1)}
        aria-valuenow={chosen ?? 0}
        aria-valuetext={shown === undefined ? hint : `${shown.name}: ${say(shown.value)}`}
        onKeyDown={(event) => {
          if (move(event.key)) event.preventDefault();
        }}
        onBlur={() => setChosen(undefined)}
        onPointerLeave={() => setChosen(undefined)}
      >
        <svg viewBox={`0 0 ${width} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          {[0.5, HEIGHT / 2, HEIGHT - 0.5].map((y) => (
            <line key={y} className="plot-grid" x1="0" x2={width} y1={y} y2={y} />
          ))}
          {bars.map(({ id, value }, index) => (
            <g key={id} onPointerEnter={() => setChosen(index)}>
              <rect
                className="plot-day"
                data-chosen={index === chosen || undefined}
                x={index * STEP}
                width={STEP}
                height={HEIGHT}
                fillOpacity={index === chosen ? 1 : 0}
              />
              <rect
                className="plot-bar"
                data-chosen={index === chosen || undefined}
                x={index * STEP + 1}
                y={HEIGHT - height(value)}
                width={STEP - 2}
                height={height(value)}
              />
            </g>
          ))}
        </svg>
      </div>
      <div className="plot-ends" aria-hidden="true">
        <span>{bars[0]?.name}</span>
        <span>{bars.at(-1)?.name}</span>
      </div>
      <p className="plot-value num" aria-hidden="true">
        {shown !== undefined && `${shown.name}: ${say(shown.value)}`}
      </p>
      <table className="unseen">
        <caption>{label}</caption>
        <thead>
          <tr>
            <th scope="col">{heads.name}</th>
            <th scope="col">{heads.value}</th>
          </tr>
        </thead>
        <tbody>
          {bars.map(({ id, name, value }) => (
            <tr key={id}>
              <th scope="row">{name}</th>
              <td>{say(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The next of 1, 2, 5, 10, 20, 50 and so on; 1 for nothing. */
function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? 10 * power;
}
